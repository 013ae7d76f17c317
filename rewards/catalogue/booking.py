"""What a member ordered, in the book: one unit of the item for each redemption that is no voucher.

    ordered                   issued → pending: promised to her
    handed over               pending → available → redeemed: she has it
    cancelled before that     pending → issued
    refunded after that       redeemed → available → clawed_back: it was hers, and no longer counts

When something is handed over says `redemption_rules.is_handed_over`. Each moves with the state of
its redemption, whose row is locked by then, and after its stock and the points.
"""

from __future__ import annotations

from datetime import UTC, datetime, time

from sqlalchemy.orm import Session

from ledger import accounts, clawbacks, holds, spending, transfers
from rewards.catalogue.items import Item, moment_of
from rewards.catalogue.models import Redemption
from rewards.commodities import GOOD


def promise(session: Session, redemption: Redemption, item: Item, now: datetime) -> None:
    """Hold one of the item for the member; for a visit until its day, where a day is known."""
    about, commodity = _about(redemption), GOOD + redemption.item
    accounts.define(session, commodity, 0)
    held = holds.hold(
        session,
        owner=redemption.member_id,
        commodity=commodity,
        amount=1,
        key=f"{about}:unit",
        until=_day_of(redemption, item) or now,
        about=about,
        now=now,
    )
    redemption.unit_id = held.id


def hand_over(session: Session, redemption: Redemption, now: datetime) -> None:
    """She has it. Again, it changes nothing."""
    if redemption.unit_id is None or redemption.handed_over_id is not None:
        return
    about = _about(redemption)
    holds.post(session, redemption.unit_id, key=f"{about}:unit:post", about=about, now=now)
    spent = spending.spend(
        session,
        owner=redemption.member_id,
        commodity=GOOD + redemption.item,
        amount=1,
        key=f"{about}:unit:spend",
        about=about,
        now=now,
    )
    redemption.handed_over_id = spent.id


def take_back(session: Session, redemption: Redemption, now: datetime) -> None:
    """She has her points again, so it is no longer promised to her, or no longer counts as hers."""
    if redemption.unit_id is None:
        return
    about = _about(redemption)
    if redemption.handed_over_id is None:
        holds.void(session, redemption.unit_id, key=f"{about}:unit:void", about=about, now=now)
        return
    back = redemption.handed_over_id
    transfers.reverse(session, back, key=f"{about}:unit:back", about=about, now=now)
    clawbacks.claw_back(
        session,
        owner=redemption.member_id,
        commodity=GOOD + redemption.item,
        amount=1,
        key=f"{about}:unit:claw_back",
        about=about,
        of=redemption.unit_id,
        now=now,
    )


def _about(redemption: Redemption) -> str:
    return f"redemption:{redemption.id}"


def _day_of(redemption: Redemption, item: Item) -> datetime | None:
    """The date of a visit, or the day on which a pre-order is expected."""
    if item.expected_on is not None:
        return datetime.combine(item.expected_on, time(), UTC)
    return moment_of(redemption.occasion)
