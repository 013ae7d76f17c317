"""The demo checkout: an order placed and paid in one step, without money. For trying things out."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from foundation.refusal import Refused
from foundation.tables import new_id
from foundation.words import text_in
from rewards.perks import entitlements
from rewards.perks.rules import EARLY_DELIVERY
from shop import ordering
from shop.models import Order, Product
from shop.ordering import LineDraft, OrderDraft

#: What the demo shop promises.
DELIVERY = timedelta(days=4)
MOST = 20


def buy(session: Session, member_id: str, product: Product, quantity: int, now: datetime) -> Order:
    """Place and pay an order of one product for a member; Refused for an odd quantity."""
    if not 1 <= quantity <= MOST:
        raise Refused(
            "Choose between 1 and %(most)s.", code="quantity", field="quantity", most=MOST
        )
    amount = product.price * quantity
    draft = OrderDraft(
        number=f"demo-{new_id(now)[-8:]}",
        member_id=member_id,
        total=amount,
        currency=product.currency,
        placed_at=now,
        lines=[LineDraft(text_in(product.name), quantity, amount, product.slug)],
        promised_on=promised_on(session, member_id, now),
        source="demo",
    )
    order = ordering.place(session, draft, now)
    return ordering.pay(session, order.id, now)


def promised_on(session: Session, member_id: str, now: datetime) -> date:
    """The day by which what is bought now arrives: sooner with the perk of early delivery, but
    never the same day."""
    held = entitlements.held(session, member_id, EARLY_DELIVERY, now)
    sooner = timedelta(days=held.perk.days_sooner) if held else timedelta()
    return (now + max(DELIVERY - sooner, timedelta(days=1))).date()
