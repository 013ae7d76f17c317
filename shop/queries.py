"""What other rooms and pages ask about products and orders."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.models import Order, OrderLine


def purchase(session: Session, member_id: str, product_id: str) -> str | None:
    """The newest paid, not cancelled, not wholly refunded order in which the member bought it."""
    return session.scalar(
        select(Order.id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(
            Order.member_id == member_id,
            OrderLine.product_id == product_id,
            Order.paid_at.is_not(None),
            Order.cancelled_at.is_(None),
            (Order.refunded_total < Order.total) | (Order.total == 0),
        )
        .order_by(Order.id.desc())
        .limit(1)
    )
