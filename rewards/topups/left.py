"""What is left of what a member prepaid, purchase by purchase, and which unit is next.

What would expire is used first, soonest first; then what was paid for, oldest first; what is free
and never expires comes last. The ledger counts the same units by commodity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from rewards import programme
from rewards.rules import TopUp
from rewards.topups.models import TopUpPurchase, TopUpRefund, TopUpUse


@dataclass(frozen=True)
class Left:
    """A purchase and what became of it."""

    purchase: TopUpPurchase
    paid_used: int
    free_used: int
    paid_back: int  # with refunds
    free_back: int
    paid_asked: int  # by refunds; more than went back where units had been used
    free_asked: int
    has_expired: bool  # its free ones have

    @property
    def paid(self) -> int:
        """Units left that were paid for."""
        return self.purchase.paid - self.paid_used - self.paid_back

    @property
    def free(self) -> int:
        """Free units left that can be used."""
        return 0 if self.has_expired else self._free_unused

    @property
    def expired(self) -> int:
        """Free units that nobody used in time."""
        return self._free_unused if self.has_expired else 0

    @property
    def _free_unused(self) -> int:
        return self.purchase.free - self.free_used - self.free_back

    @property
    def units(self) -> int:
        """Units left in all."""
        return self.paid + self.free


@dataclass(frozen=True)
class Next:
    """The unit that is taken next."""

    of: Left
    is_free: bool


def of_member(
    session: Session, member_id: str, now: datetime, offer: str | None = None
) -> list[Left]:
    """What the member bought, oldest first, and what is left of it; of one offer, or of all."""
    which = [TopUpPurchase.member_id == member_id]
    return _left(session, [*which, TopUpPurchase.offer == offer] if offer else which, now)


def of_orders(session: Session, orders: Sequence[str], now: datetime) -> list[Left]:
    """What was bought with these orders ("order:<id>"), oldest first."""
    return _left(session, [TopUpPurchase.basis.in_(orders)], now)


def of_offer(session: Session, offer: str, now: datetime) -> list[Left]:
    """All that was ever bought by one offer, oldest first."""
    return _left(session, [TopUpPurchase.offer == offer], now)


def expiring(session: Session, since: datetime, until: datetime) -> list[Left]:
    """What was bought whose free units expire from `since` on and before `until`, and is left."""
    at = TopUpPurchase.free_expires_at
    return [each for each in _left(session, [at > since, at < until], since) if each.free > 0]


def next_of(lefts: Sequence[Left]) -> Next | None:
    """Which unit is taken next; None when none is left."""
    free = [each for each in lefts if each.free > 0]
    expiring = [(each.purchase.free_expires_at, each) for each in free]
    soonest = min(
        ((at, each.purchase.id, each) for at, each in expiring if at is not None), default=None
    )
    if soonest is not None:
        return Next(soonest[-1], is_free=True)
    paid = next((each for each in lefts if each.paid > 0), None)
    if paid is not None:
        return Next(paid, is_free=False)
    return Next(free[0], is_free=True) if free else None


def _left(session: Session, which: Sequence[ColumnElement[bool]], now: datetime) -> list[Left]:
    purchases = session.scalars(select(TopUpPurchase).where(*which).order_by(TopUpPurchase.id))
    bought = purchases.all()
    used = _used(session, which) if bought else {}
    back = _back(session, which) if bought else {}
    return [
        Left(
            each,
            *used.get(each.id, (0, 0)),
            *back.get(each.id, (0, 0, 0, 0)),
            has_expired=each.free_expires_at is not None and each.free_expires_at <= now,
        )
        for each in bought
    ]


def _used(session: Session, which: Sequence[ColumnElement[bool]]) -> dict[str, tuple[int, int]]:
    free = func.sum(case((TopUpUse.is_free, 1), else_=0))
    rows = session.execute(
        select(TopUpUse.purchase_id, func.count() - free, free)
        .join(TopUpPurchase, TopUpPurchase.id == TopUpUse.purchase_id)
        .where(*which, TopUpUse.given_back_at.is_(None))
        .group_by(TopUpUse.purchase_id)
    )
    return {each: (int(paid), int(free)) for each, paid, free in rows}


def _back(
    session: Session, which: Sequence[ColumnElement[bool]]
) -> dict[str, tuple[int, int, int, int]]:
    of = TopUpRefund
    sums = (func.sum(of.paid), func.sum(of.free), func.max(of.paid_asked), func.max(of.free_asked))
    rows = session.execute(
        select(of.purchase_id, *sums)
        .join(TopUpPurchase, TopUpPurchase.id == of.purchase_id)
        .where(*which)
        .group_by(of.purchase_id)
    )
    return {row[0]: (int(row[1]), int(row[2]), int(row[3]), int(row[4])) for row in rows}


def offer_of(session: Session, purchase: TopUpPurchase) -> TopUp:
    """The offer as it was when somebody bought by it."""
    return offers_of(session, [purchase])[purchase.id]


def offers_of(session: Session, purchases: Sequence[TopUpPurchase]) -> dict[str, TopUp]:
    """The offers as they were when somebody bought by them, by purchase."""
    known = programme.numbered(session, (each.version for each in purchases))
    found = {each.id: known[each.version].rules.topup(each.offer) for each in purchases}
    # None is missing: a version never changes.
    return {purchase_id: offer for purchase_id, offer in found.items() if offer is not None}
