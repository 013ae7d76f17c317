"""Redeeming: points for an item of the catalogue, once per request however often it is sent.

In one transaction: one is promised of the stock, the points are spent, and the voucher is issued or
the order stands in the queue of the staff, one unit of the item held for the member in the book.
Whoever moves these moves the stock first, then the points, then the unit, so that two of them wait
for each other and never deadlock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from foundation import facts, versions
from foundation.once import insert_once
from foundation.refusal import Refused
from foundation.tables import new_id
from ledger import spending, statements
from notifications.telling import tell
from rewards import programme
from rewards.catalogue import booking, notices, offers, stock
from rewards.catalogue.items import Item
from rewards.catalogue.models import Redemption, RedemptionStep
from rewards.locking import lock_members
from rewards.models import Voucher
from rewards.programme import Version
from rewards.rules import POINTS
from rewards.vouchers import codes as vouchers
from rewards.vouchers.codes import VoucherDraft

#: As long as an address or a note may be.
LONGEST = 600
#: What makes a request the same as the one before.
WANTED = ("item", "occasion", "address", "note")


@dataclass(frozen=True)
class Order:
    """What a member wants: an item, on which date, and where it should go.

    `seen` is the version of the programme whose terms she was shown; None: no page showed her any.
    """

    item: str
    request_key: str
    occasion: str = ""
    address: str = ""
    note: str = ""
    seen: int | None = None


@dataclass(frozen=True)
class Redeemed:
    """What came of it; `voucher` when it is one."""

    redemption: Redemption
    voucher: Voucher | None


def redeem(session: Session, member_id: str, order: Order, now: datetime) -> Redeemed:
    """Spend the item's points and give or order the item; the same request again gives the same.

    Refused when the catalogue has no such item (any more), when it is not what she was shown, when
    its terms do not let this member have it now, when none is left, when the points do not suffice,
    when the address is missing, or when the request was used for anything else.
    """
    version, item = _wanted(session, order)
    row = _row(member_id, version, item, order, now)
    if not insert_once(session, Redemption, row):
        return _made_before(session, row)
    lock_members(session, [member_id])
    _refuse_changed(session, version, item, order)
    _refuse_incomplete(item, order, now)
    offers.refuse_terms(session, version.rules, item, member_id, now)
    if item.counted:
        stock.reserve(session, item.key, order.occasion, member_id, row["id"], now)
    transfer_id = _spend(session, member_id, item, row["id"], now)
    # The points' account is ours until the end now: nobody redeems beside us in her name.
    offers.refuse_beyond_limit(session, item, member_id)
    session.execute(
        update(Redemption).where(Redemption.id == row["id"]).values(transfer_id=transfer_id)
    )
    redemption = session.get_one(Redemption, row["id"])
    write_step(session, redemption, "order", member_id, "", now)
    if not item.is_voucher:
        booking.promise(session, redemption, item, now)
    voucher = _issue(session, redemption, item, now) if item.is_voucher else None
    _say(session, redemption, item, voucher, now)
    return Redeemed(redemption, voucher)


def write_step(
    session: Session, redemption: Redemption, step: str, by_id: str, text: str, now: datetime
) -> None:
    """Keep who did what about a redemption, and where it led.

    Steps are read in the order of their moments, so each is later than the one before, also when
    the clock of the machine that takes it is behind.
    """
    latest = session.scalar(
        select(func.max(RedemptionStep.at)).where(RedemptionStep.redemption_id == redemption.id)
    )
    if latest is not None:
        now = max(now, latest + timedelta(microseconds=1))
    row = {
        "id": new_id(now),
        "redemption_id": redemption.id,
        "step": step,
        "state": redemption.state,
        "by_id": by_id,
        "text": text,
        "at": now,
    }
    insert_once(session, RedemptionStep, row)


def _wanted(session: Session, order: Order) -> tuple[Version, Item]:
    version = programme.latest(session)
    item = version.rules.item(order.item) if version else None
    if version is None or item is None:
        raise Refused(
            "The catalogue no longer has this. Reload the page and choose again.",
            code="unknown_item",
            status=404,
        )
    return version, item


def _refuse_changed(session: Session, version: Version, item: Item, order: Order) -> None:
    """Nobody buys at a price, or on terms, that her page did not show."""
    if order.seen in (None, version.number):
        return
    shown = programme.version(session, order.seen) if order.seen else None
    if shown is None or shown.rules.item(item.key) != item:
        raise Refused(
            "Its price or its terms have changed since you opened the page. Look at them again:"
            " nothing was spent.",
            code="terms_changed",
            status=409,
        )


def _refuse_incomplete(item: Item, order: Order, now: datetime) -> None:
    if item.sent and not order.address.strip():
        raise Refused("Say where we should send it.", code="no_address", field="address")
    if order.occasion not in item.occasions:
        raise Refused(
            "Choose one of the dates.", code="unknown_occasion", field="occasion", status=422
        )
    if offers.is_over(order.occasion, now):
        raise Refused("This date is over. Choose another.", code="past", field="occasion")


def _row(
    member_id: str, version: Version, item: Item, order: Order, now: datetime
) -> dict[str, Any]:
    return {
        "id": new_id(now),
        "member_id": member_id,
        "request_key": order.request_key,
        "item": item.key,
        "kind": item.kind,
        "version": version.number,
        "cost": item.cost,
        "occasion": order.occasion,
        "address": order.address.strip()[:LONGEST] if item.sent else "",
        "note": order.note.strip()[:LONGEST],
        "state": "done" if item.is_voucher else "ordered",
        "stock": "reserved" if item.counted else "none",
        "taken_by": None,
        "transfer_id": None,
        "at": now,
    }


def _made_before(session: Session, row: Mapping[str, Any]) -> Redeemed:
    redemption = session.scalars(
        select(Redemption).where(
            Redemption.member_id == row["member_id"], Redemption.request_key == row["request_key"]
        )
    ).one()
    if any(getattr(redemption, name) != row[name] for name in WANTED):
        raise Refused(
            "This form has ordered something before, and that stands. Send it again only if you"
            " want this as well.",
            code="idempotency_conflict",
            status=409,
        )
    about = f"redemption:{redemption.id}"
    voucher = session.scalars(select(Voucher).where(Voucher.about == about)).first()
    return Redeemed(redemption, voucher)


def _spend(session: Session, member_id: str, item: Item, redemption_id: str, now: datetime) -> str:
    available = statements.balances(session, member_id, POINTS).available
    if available < item.cost:
        raise Refused(
            "This costs %(cost)s points and you have %(available)s to spend."
            " Points on hold can be spent once their return period is over.",
            code="too_few_points",
            cost=item.cost,
            available=available,
        )
    about = f"redemption:{redemption_id}"
    spent = spending.spend(
        session,
        owner=member_id,
        commodity=POINTS,
        amount=item.cost,
        key=about,
        about=about,
        now=now,
    )
    return spent.id


def _issue(session: Session, redemption: Redemption, item: Item, now: datetime) -> Voucher:
    if item.counted:  # a code has left the house when it is issued
        stock.hand_over(
            session, item.key, redemption.occasion, redemption.member_id, redemption.id, now
        )
        redemption.stock = "gone"
    days = item.valid_days
    draft = VoucherDraft(
        member_id=redemption.member_id,
        key=redemption.request_key,
        about=f"redemption:{redemption.id}",
        item=item.key,
        version=redemption.version,
        cost=item.cost,
        value=item.value,
        currency=item.currency,
        uses=item.uses,
        bearer=item.bearer,
        expires_at=now + timedelta(days=days) if days is not None else None,
    )
    return vouchers.issue(session, draft, now)


def _say(
    session: Session, redemption: Redemption, item: Item, voucher: Voucher | None, now: datetime
) -> None:
    about = f"redemption:{redemption.id}"
    facts.record(
        session,
        "reward.redeemed",
        redemption.member_id,
        about,
        now,
        item=item.key,
        what=item.kind,
        cost=item.cost,
        value=item.value,
        currency=item.currency,
    )
    if voucher is not None:
        tell(
            session,
            redemption.member_id,
            notices.REDEEMED,
            now,
            link="/me/rewards#vouchers",
            about=about,
            code=voucher.code,
            cost=voucher.cost,
            value=voucher.value,
            currency=voucher.currency,
            uses=voucher.uses,
        )
    else:
        tell(
            session,
            redemption.member_id,
            notices.ORDERED,
            now,
            link=f"/me/redemptions/{redemption.id}",
            about=about,
            item=dict(item.name),
            cost=item.cost,
        )
    if item.counted:
        versions.touch(session, "catalogue")
