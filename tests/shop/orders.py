"""Products and orders for tests: a tin of tea, an order for Ben."""

from __future__ import annotations

import itertools
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from shop import ordering, products
from shop.models import Order, Product
from shop.ordering import LineDraft, OrderDraft
from shop.products import ProductDraft

_numbers = itertools.count(1001)


def a_product(
    session: Session, now: datetime, slug: str = "yunnan-black", price: int = 1400, **more: Any
) -> Product:
    """A product in the catalogue."""
    name = {"en": slug.replace("-", " ").title(), "zh_Hans": "滇红", "zh_Hant": "滇紅"}
    draft = ProductDraft(slug=slug, name=name, price=price, currency="USD", **more)
    return products.add(session, draft, now)


def placed_order(
    session: Session,
    member_id: str,
    now: datetime,
    *,
    total: int = 4200,
    currency: str = "USD",
    product: Product | None = None,
    number: str | None = None,
    promised_on: date | None = None,
) -> Order:
    """An order that is placed and not paid, of one line."""
    title = product.name["en"] if product else "Yunnan Black, 100 g"
    line = LineDraft(title, 1, total, product.slug if product else None)
    draft = OrderDraft(
        number=number or str(next(_numbers)),
        member_id=member_id,
        total=total,
        currency=currency,
        placed_at=now,
        lines=[line],
        promised_on=promised_on,
    )
    return ordering.place(session, draft, now)


def paid_order(session: Session, member_id: str, now: datetime, **more: Any) -> Order:
    """An order that is placed and paid."""
    order = placed_order(session, member_id, now, **more)
    return ordering.pay(session, order.id, now)


def delivered_order(session: Session, member_id: str, now: datetime, **more: Any) -> Order:
    """An order that is placed, paid, shipped and delivered."""
    order = paid_order(session, member_id, now, **more)
    ordering.ship(session, order.id, now)
    return ordering.deliver(session, order.id, now)
