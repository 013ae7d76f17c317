"""What the pages of prepaid units show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from foundation.paging import Page, read_page
from foundation.tables import new_id
from foundation.words import text_in
from members.models import ApiKey, Member
from rewards.commodities import PAID
from rewards.rules import TopUp
from rewards.topups import codes, explaining, left
from rewards.topups.left import Left
from rewards.topups.left import offer_of as offer_at
from rewards.topups.models import TopUpPurchase, TopUpUse
from rewards.topups.rules import offer_of

#: Tokens drawn before the rest is only counted.
DRAWN = 40


@dataclass(frozen=True)
class Holding:
    """All that a member has of one offer."""

    offer: TopUp  # as it was when she bought last
    bought: Sequence[Left]  # newest first
    request_key: str  # for the form that takes one

    @property
    def paid(self) -> int:
        return sum(each.paid for each in self.bought)

    @property
    def free(self) -> int:
        return sum(each.free for each in self.bought)

    @property
    def units(self) -> int:
        return self.paid + self.free

    @property
    def expires_at(self) -> datetime | None:
        """When the first free ones expire."""
        dates = (each.purchase.free_expires_at for each in self.bought if each.free)
        return min((at for at in dates if at is not None), default=None)

    @property
    def open(self) -> Sequence[Left]:
        """Purchases of which something is left."""
        return [each for each in self.bought if each.units]


@dataclass(frozen=True)
class UseLine:
    """One unit that was taken, and by whom."""

    id: str
    offer: str
    name: str
    is_free: bool
    by: str | None
    reference: str
    at: datetime
    given_back_at: datetime | None


@dataclass(frozen=True)
class Prepaid:
    """A member's page, or hers at the staff's desk."""

    code: str | None
    holdings: Sequence[Holding]
    uses: Page[UseLine]


def holdings(session: Session, member_id: str, now: datetime) -> list[Holding]:
    """What a member has of each offer, those with something left first."""
    by_offer: dict[str, list[Left]] = {}
    for each in left.of_member(session, member_id, now):
        by_offer.setdefault(each.purchase.offer, []).insert(0, each)
    found = [
        Holding(offer_at(session, bought[0].purchase), bought, new_id(now))
        for bought in by_offer.values()
    ]
    return sorted(found, key=lambda each: (not each.units, -len(each.bought)))


def prepaid(
    session: Session, member_id: str, now: datetime, cursor: str | None, path: str
) -> Prepaid:
    """Everything on the page of prepaid units."""
    held = holdings(session, member_id, now)
    names = {each.offer.key: text_in(each.offer.name) for each in held}
    return Prepaid(
        codes.of(session, member_id), held, _uses(session, member_id, names, cursor, path)
    )


def _uses(
    session: Session, member_id: str, names: dict[str, str], cursor: str | None, path: str
) -> Page[UseLine]:
    staff = aliased(Member)
    columns: list[Any] = [
        TopUpUse.id,
        TopUpUse.offer,
        TopUpUse.is_free,
        func.coalesce(staff.name, ApiKey.name),
        TopUpUse.reference,
        TopUpUse.at,
        TopUpUse.given_back_at,
    ]
    query = (
        select(*columns)
        .outerjoin(staff, staff.id == TopUpUse.by_id)
        .outerjoin(ApiKey, ApiKey.id == TopUpUse.by_key)
        .where(TopUpUse.member_id == member_id)
    )
    return read_page(
        session,
        query,
        TopUpUse.id,
        cursor=cursor,
        size=20,
        path=path,
        make=lambda row: UseLine(row[0], row[1], names[row[1]], *row[2:]),
    )


def paid_in_for(session: Session, commodity: str, now: datetime) -> dict[str, int]:
    """Minor units by currency that were paid for what is outstanding of a prepaid commodity."""
    key, found = offer_of(commodity), dict[str, int]()
    if key is None or not commodity.startswith(PAID):
        return found
    for each in left.of_offer(session, key, now):
        worth = each.purchase.value * each.paid // each.purchase.paid
        found[each.purchase.currency] = found.get(each.purchase.currency, 0) + worth
    return found


def names(session: Session, commodities: Iterable[str]) -> dict[str, str]:
    """What prepaid units are called in the book, by commodity, as they were sold last."""
    found = {}
    for code in commodities:
        key = offer_of(code)
        offer = _sold_last(session, key) if key else None
        if offer is not None:
            found[code] = explaining.name_of(code, offer)
    return found


def _sold_last(session: Session, key: str) -> TopUp | None:
    last = session.scalars(
        select(TopUpPurchase)
        .where(TopUpPurchase.offer == key)
        .order_by(TopUpPurchase.id.desc())
        .limit(1)
    ).first()
    return offer_at(session, last) if last is not None else None
