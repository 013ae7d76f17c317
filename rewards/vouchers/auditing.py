"""What must be true of vouchers: rows and book agree about every use, given, made and left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger import credits
from ledger.credits import Credit, Dated
from rewards.catalogue.models import VoucherUse
from rewards.commodities import VOUCHERS
from rewards.models import Voucher
from rewards.vouchers.booking import commodity_of

#: Whose uses of what, with which date: a lot of the book, shared by vouchers of one day.
Place = tuple[str, str, datetime | None]


def audit(session: Session) -> list[str]:
    """A sentence for every voucher, and every lot of them, of which rows and book disagree."""
    vouchers = session.scalars(select(Voucher).order_by(Voucher.id)).all()
    booked = {each.id: each for each in credits.of_commodities(session, VOUCHERS)}
    uses = _standing_uses(session)
    findings = [
        f"voucher {each.id}: {wrong}"
        for each in vouchers
        for wrong in _wrong(each, booked.pop(each.transfer_id or "", None), uses.get(each.id, 0))
    ]
    findings += [f"credit {each} gave uses that no voucher has" for each in booked]
    left = {_place(each): each for each in credits.by_date(session, VOUCHERS)}
    return [*findings, *_about_lots(vouchers, left)]


def _standing_uses(session: Session) -> dict[str, int]:
    """How often each voucher is used, by the uses that are on record in the book too."""
    rows = session.execute(
        select(VoucherUse.voucher_id, func.count())
        .where(VoucherUse.released_at.is_(None), VoucherUse.transfer_id.is_not(None))
        .group_by(VoucherUse.voucher_id)
    )
    return {voucher_id: int(count) for voucher_id, count in rows}


def _wrong(voucher: Voucher, booked: Credit | None, uses: int) -> Iterator[str]:
    if booked is None:
        yield "the book never gave its uses"
        return
    if (booked.owner, booked.commodity) != (voucher.member_id, commodity_of(voucher)):
        yield f"the book gave its uses of {booked.commodity} to {booked.owner}"
    if (booked.amount, booked.expires_at) != (voucher.uses, voucher.expires_at):
        yield f"the book gave {booked.amount} until {booked.expires_at}, not {voucher.uses}"
    if not booked.spent == voucher.used == uses:
        yield f"used {voucher.used} times, on record {uses}, in the book {booked.spent}"
    revoked = voucher.uses if voucher.revoked_at else 0
    if booked.taken_back != revoked:
        yield f"the book took back {booked.taken_back} of it, not {revoked}"


def _about_lots(vouchers: Sequence[Voucher], booked: Mapping[Place, Dated]) -> Iterator[str]:
    """What is left by the rows is left in the book, or expired there."""
    left: dict[Place, int] = dict.fromkeys(booked, 0)
    for each in vouchers:
        place = (each.member_id, commodity_of(each), each.expires_at)
        left[place] = left.get(place, 0) + (0 if each.revoked_at else each.uses - each.used)
    for place, units in left.items():
        found = booked.get(place)
        really = found.left + found.expired if found else 0
        if really != units:
            who, what, until = place
            yield f"{who} has {really} uses of {what} until {until}, by the vouchers {units}"


def _place(each: Dated) -> Place:
    return each.owner, each.commodity, each.expires_at
