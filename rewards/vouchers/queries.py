"""What the book's pages need to know of vouchers, in a fixed, small number of statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from foundation.paging import Page, read_page
from foundation.words import text_in
from members.models import ApiKey, Member
from rewards import programme
from rewards.catalogue.models import VoucherUse
from rewards.commodities import VOUCHERS, key_in
from rewards.models import Voucher
from rewards.rules import Item
from rewards.topups import codes as till_codes
from rewards.vouchers import codes
from rewards.vouchers.booking import commodity_of

#: Vouchers that one member has open, shown at the counter; nobody has more.
MOST = 50


@dataclass(frozen=True)
class DeskUse:
    """An order that a voucher was taken off, and by whom."""

    code: str
    order: str
    value: int
    currency: str
    by: str | None
    at: datetime
    released_at: datetime | None


@dataclass(frozen=True)
class AtDesk:
    """What the counter sees: vouchers, whose they are, and every use of hers."""

    member: Member
    vouchers: Sequence[Voucher]
    names: Mapping[str, str]  # by commodity
    uses: Page[DeskUse]

    def name_of(self, voucher: Voucher) -> str:
        """What its item is called."""
        return self.names.get(commodity_of(voucher), "")


def at_desk(
    session: Session, typed: str, now: datetime, cursor: str | None, desk: str
) -> AtDesk | None:
    """The voucher with the code `typed`, in whatever state, or the open ones of the member who is
    meant: by the code of her screen, @handle or address. None when nobody is."""
    one = codes.at_code(session, typed)
    member_id = one.member_id if one else till_codes.find(session, typed)
    member = session.get(Member, member_id) if member_id else None
    if member is None:
        return None
    vouchers = [one] if one else _open(session, member.id, now)
    path = f"{desk}?code={one.code}" if one else f"{desk}?code=@{member.handle}"
    known = names(session, {commodity_of(each) for each in vouchers})
    return AtDesk(member, vouchers, known, _uses(session, member.id, cursor, path))


def _open(session: Session, member_id: str, now: datetime) -> list[Voucher]:
    """The soonest to expire first."""
    query = (
        select(Voucher)
        .where(Voucher.member_id == member_id, Voucher.used < Voucher.uses)
        .where(Voucher.revoked_at.is_(None))
        .where(or_(Voucher.expires_at.is_(None), Voucher.expires_at > now))
        .order_by(Voucher.expires_at.is_(None), Voucher.expires_at, Voucher.id)
        .limit(MOST)
    )
    return list(session.scalars(query))


def _uses(session: Session, member_id: str, cursor: str | None, path: str) -> Page[DeskUse]:
    staff = aliased(Member)
    columns: list[Any] = [
        VoucherUse.id,
        Voucher.code,
        VoucherUse.reference,
        Voucher.value,
        Voucher.currency,
        func.coalesce(staff.name, ApiKey.name),
        VoucherUse.at,
        VoucherUse.released_at,
    ]
    query = (
        select(*columns)
        .join(Voucher, Voucher.id == VoucherUse.voucher_id)
        .outerjoin(staff, staff.id == VoucherUse.by_id)
        .outerjoin(ApiKey, ApiKey.id == VoucherUse.by_key)
        .where(Voucher.member_id == member_id)
    )
    return read_page(
        session,
        query,
        VoucherUse.id,
        cursor=cursor,
        size=20,
        path=path,
        make=lambda row: DeskUse(*row[1:]),
    )


def names(session: Session, commodities: Iterable[str]) -> dict[str, str]:
    """What vouchers are called in the book, by commodity: as their item is now, or was last."""
    keys = {code: key for code in commodities if (key := key_in(code, VOUCHERS)) is not None}
    version = programme.latest(session) if keys else None
    found = {}
    for code, key in keys.items():
        item = (version.rules.item(key) if version else None) or _issued_last(session, key)
        if item is not None:
            found[code] = text_in(item.name)
    return found


def _issued_last(session: Session, key: str) -> Item | None:
    """An item as the version has it under which a voucher of it was issued last."""
    number = session.scalar(
        select(Voucher.version).where(Voucher.item == key).order_by(Voucher.id.desc()).limit(1)
    )
    version = programme.version(session, number) if number is not None else None
    return version.rules.item(key) if version else None


def worth_left(session: Session, commodity: str, at: datetime) -> dict[str, int]:
    """Minor units by currency that vouchers of a commodity take off orders if each use is made."""
    key = key_in(commodity, VOUCHERS)
    if key is None:
        return {}
    rows = session.execute(
        select(Voucher.currency, func.sum((Voucher.uses - Voucher.used) * Voucher.value))
        .where(Voucher.item == key, Voucher.revoked_at.is_(None))
        .where(or_(Voucher.expires_at.is_(None), Voucher.expires_at > at))
        .group_by(Voucher.currency)
    )
    return {currency: int(worth) for currency, worth in rows if worth}


def used_for(session: Session, use_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The order that each use was for, and the voucher's code."""
    rows = session.execute(
        select(VoucherUse.id, VoucherUse.reference, Voucher.code)
        .join(Voucher, Voucher.id == VoucherUse.voucher_id)
        .where(VoucherUse.id.in_(list(use_ids)))
    )
    return {use_id: (order, code) for use_id, order, code in rows}


def given_last(session: Session, reason: str) -> int | None:
    """The version under which a reason (`Voucher.about`) last gave a voucher."""
    query = select(Voucher.version).where(Voucher.about == reason)
    return session.scalar(query.order_by(Voucher.id.desc()).limit(1))
