"""How old what is outstanding is, and what became of what was earned long ago.

What expires at one moment is a lot; lots say what is left of them, and of one lot what came in
first was spent first. The same holds for all that never expires. What a member gets back from a
redemption that was cancelled or a claw-back that was reversed counts as if it had never gone, so
it is as old as what it restores.

What past cohorts spent is matched first in, first out, over all of an account.

Both questions read every entry of every available account. They are asked by a job, not by a page
(see rewards/book/reckoning.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Subquery, case, func, select
from sqlalchemy.orm import Session, aliased

from ledger.models import account as accounts
from ledger.models import balance as balances
from ledger.models import entry as entries
from ledger.models import hold as holds
from ledger.models import lot as lots
from ledger.models import lot_use as uses
from ledger.models import transfer as transfers

#: The last day of each age: up to 30 days, 31–90, 91–180, 181–365; the fifth is older.
AGES = (30, 90, 180, 365)

#: What members' available accounts got, without what came back to them.
_CREDITED = (
    accounts.c.kind == "available",
    accounts.c.owner.is_not(None),
    transfers.c.reverses.is_(None),
)


@dataclass(frozen=True)
class Aged:
    """What one owner has of one commodity and one age; `age` is a place in AGES, or beyond it."""

    owner: str
    commodity: str
    age: int
    available: int
    pending: int


@dataclass(frozen=True)
class Matured:
    """What was earned before some moment, all owners together, and what became of it.

    `earned` counts what became available; `taken_back` and `spent` are parts of it, first in,
    first out. `since` is when the first of all, matured or not, was earned.
    """

    commodity: str
    since: datetime
    earned: int
    taken_back: int
    spent: int

    @property
    def never_spent(self) -> int:
        """What is still there or has expired."""
        return self.earned - self.taken_back - self.spent


def outstanding_by_age(session: Session, now: datetime) -> Iterator[Aged]:
    """What each owner may still spend or is still promised, by the time since it was earned."""
    yield from _available(session, now)
    yield from _pending(session, now)


def matured(session: Session, before: datetime) -> list[Matured]:
    """Of each commodity, what was earned before `before` and how much of it was ever spent."""
    credit = _credits()
    rows = session.execute(
        select(
            credit.c.commodity,
            func.min(credit.c.earned).label("since"),
            func.sum(case((credit.c.earned < before, credit.c.amount), else_=0)),
        )
        .group_by(credit.c.commodity)
        .order_by(credit.c.commodity)
    ).all()
    gone = _gone(session, before)
    return [
        Matured(
            commodity,
            since,
            int(earned),
            taken_back=gone.get((commodity, "clawed_back"), 0),
            spent=gone.get((commodity, "redeemed"), 0),
        )
        for commodity, since, earned in rows
    ]


def _available(session: Session, now: datetime) -> Iterator[Aged]:
    for parts in (_dated(), _undated()):
        newer = parts.c.upto - parts.c.amount  # what came in after this part
        left = case((parts.c.rest >= parts.c.upto, parts.c.amount), else_=parts.c.rest - newer)
        age = _age(parts.c.earned, now)
        rows = session.execute(
            select(parts.c.owner, parts.c.commodity, age, func.sum(left))
            .where(newer < parts.c.rest)
            .group_by(parts.c.owner, parts.c.commodity, age)
        )
        for owner, commodity, place, amount in rows:
            if amount:  # a credit that went into lots as a whole is nothing here
                yield Aged(owner, commodity, place, available=int(amount), pending=0)


def _dated() -> Subquery:
    """What came into lots; `rest` is what is left of the lot, `upto` the part and all after it."""
    hold = aliased(transfers)
    upto = func.sum(uses.c.amount).over(
        partition_by=(uses.c.account, uses.c.expires_at), order_by=uses.c.seq.desc()
    )
    return (
        select(
            accounts.c.owner,
            accounts.c.commodity,
            uses.c.amount,
            _earned(hold).label("earned"),
            lots.c.remaining.label("rest"),
            upto.label("upto"),
        )
        .join(lots, (lots.c.account == uses.c.account) & (lots.c.expires_at == uses.c.expires_at))
        .join(accounts, accounts.c.id == uses.c.account)
        .join(transfers, transfers.c.id == uses.c.transfer)
        .outerjoin(hold, hold.c.id == transfers.c.resolves)
        .where(*_CREDITED, uses.c.amount > 0, lots.c.remaining > 0)
        .subquery("dated")
    )


def _undated() -> Subquery:
    """What came in and never expires, like `_dated`."""
    hold = aliased(transfers)
    in_lots = (
        select(func.coalesce(func.sum(uses.c.amount), 0))
        .where(uses.c.transfer == entries.c.transfer, uses.c.side == entries.c.side)
        .scalar_subquery()
    )
    amount = entries.c.amount - in_lots
    upto = func.sum(amount).over(partition_by=entries.c.account, order_by=entries.c.seq.desc())
    return (
        select(
            accounts.c.owner,
            accounts.c.commodity,
            amount.label("amount"),
            _earned(hold).label("earned"),
            (balances.c.posted - balances.c.expiring).label("rest"),
            upto.label("upto"),
        )
        .join(accounts, accounts.c.id == entries.c.account)
        .join(balances, balances.c.account_id == entries.c.account)
        .join(transfers, transfers.c.id == entries.c.transfer)
        .outerjoin(hold, hold.c.id == transfers.c.resolves)
        .where(*_CREDITED, entries.c.amount > 0, balances.c.posted > balances.c.expiring)
        .subquery("undated")
    )


def _earned(hold: Any) -> ColumnElement[datetime]:
    """A released hold was earned when it was promised."""
    return func.coalesce(hold.c.at, transfers.c.at, type_=transfers.c.at.type)


def _pending(session: Session, now: datetime) -> Iterator[Aged]:
    """Open holds only: they have an index of their own."""
    left = holds.c.amount - holds.c.posted - holds.c.voided
    age = _age(transfers.c.at, now)
    rows = session.execute(
        select(accounts.c.owner, accounts.c.commodity, age, func.sum(left))
        .select_from(holds)
        .join(transfers, transfers.c.id == holds.c.transfer)
        .join(accounts, accounts.c.id == holds.c.account)
        .where(holds.c.posted + holds.c.voided < holds.c.amount, accounts.c.owner.is_not(None))
        .group_by(accounts.c.owner, accounts.c.commodity, age)
    )
    for owner, commodity, place, amount in rows:
        yield Aged(owner, commodity, place, available=0, pending=int(amount))


def _age(earned: Any, now: datetime) -> ColumnElement[int]:
    """The place in AGES of something earned then; a whole day has passed when 24 hours have."""
    younger = [(earned > now - timedelta(days=last + 1), place) for place, last in enumerate(AGES)]
    return case(*younger, else_=len(AGES)).label("age")


def _credits() -> Subquery:
    """What came into available accounts, and when it was earned."""
    hold = aliased(transfers)
    return (
        select(
            accounts.c.commodity,
            entries.c.account,
            entries.c.amount,
            _earned(hold).label("earned"),
        )
        .join(accounts, accounts.c.id == entries.c.account)
        .join(transfers, transfers.c.id == entries.c.transfer)
        .outerjoin(hold, hold.c.id == transfers.c.resolves)
        .where(*_CREDITED, entries.c.amount > 0)
        .subquery("credit")
    )


def _gone(session: Session, before: datetime) -> dict[tuple[str, str], int]:
    """How much of what was earned before `before` went where, by commodity and kind of account.

    Of an account whose credits before then add up to `c`, a debit that brings the sum of its
    debits from `d` to `e` took min(e, c) - min(d, c) of them.
    """
    credit = _credits()
    early = (
        select(credit.c.account, func.sum(credit.c.amount).label("c"))
        .where(credit.c.earned < before)
        .group_by(credit.c.account)
        .subquery("early")
    )
    debit = _debits()
    after, start = debit.c.upto, debit.c.upto - debit.c.amount
    took = case((after < early.c.c, after), else_=early.c.c) - case(
        (start < early.c.c, start), else_=early.c.c
    )
    rows = session.execute(
        select(debit.c.commodity, debit.c.kind, func.sum(took))
        .join(early, early.c.account == debit.c.account)
        .group_by(debit.c.commodity, debit.c.kind)
    )
    return {(commodity, kind): int(amount) for commodity, kind, amount in rows}


def _debits() -> Subquery:
    """What left available accounts and where to; what came back counts as a debit below zero."""
    opposite = aliased(accounts)
    other = case((entries.c.side == 0, transfers.c.target), else_=transfers.c.source)
    upto = func.sum(-entries.c.amount).over(partition_by=entries.c.account, order_by=entries.c.seq)
    return (
        select(
            accounts.c.commodity,
            entries.c.account,
            opposite.c.kind,
            (-entries.c.amount).label("amount"),
            upto.label("upto"),
        )
        .join(accounts, accounts.c.id == entries.c.account)
        .join(transfers, transfers.c.id == entries.c.transfer)
        .join(opposite, opposite.c.id == other)
        .where(
            accounts.c.kind == "available",
            accounts.c.owner.is_not(None),
            (entries.c.amount < 0) | transfers.c.reverses.is_not(None),
        )
        .subquery("debit")
    )
