"""What the pages of store credit show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from foundation.paging import Page, read_page
from ledger import movements
from members.models import ApiKey, Member
from rewards.book import statement
from rewards.book.statement import Line, Reason
from rewards.credit import purse
from rewards.credit.models import CreditReturn, CreditTaking
from rewards.credit.purse import Purse
from rewards.models import Grant
from rewards.topups import codes

#: Grants on hold that are listed one by one.
SHOWN = 50


@dataclass(frozen=True)
class Waiting:
    """Credit on hold: how much, until when, and why it was given."""

    amount: int
    until: datetime | None
    reason: Reason


@dataclass(frozen=True)
class MyCredit:
    """A member's page, in one currency of hers."""

    code: str | None
    purses: Sequence[Purse]
    purse: Purse
    waiting: Sequence[Waiting]
    lines: Page[Line]


@dataclass(frozen=True)
class TakingLine:
    """Credit taken for an order, by whom, and what came back of it."""

    id: str
    order: str
    amount: int
    currency: str
    by: str | None
    at: datetime
    given_back: int

    @property
    def left(self) -> int:
        """What can still be given back."""
        return self.amount - self.given_back


@dataclass(frozen=True)
class AtDesk:
    """What the counter sees of a member."""

    purses: Sequence[Purse]
    takings: Page[TakingLine]


def mine(
    session: Session, member_id: str, currency: str | None, now: datetime, cursor: str | None
) -> MyCredit | None:
    """Everything on the page of her credit; None before she had any."""
    purses = purse.purses(session, member_id, now)
    if not purses:
        return None
    one = next((each for each in purses if each.currency == currency), purses[0])
    path = f"/me/credit?currency={one.currency}"
    moved = movements.page(session, member_id, one.currency, cursor=cursor, path=path)
    lines = statement.explained(session, moved.rows, one.currency)
    return MyCredit(
        codes.of(session, member_id),
        purses,
        one,
        _waiting(session, member_id, one.currency),
        Page(lines, moved.next, moved.previous),
    )


def _waiting(session: Session, member_id: str, currency: str) -> list[Waiting]:
    grants = session.scalars(
        select(Grant)
        .where(Grant.member_id == member_id, Grant.commodity == currency)
        .where(Grant.released_at.is_(None), Grant.voided_at.is_(None))
        .order_by(Grant.release_at)
        .limit(SHOWN)
    ).all()
    reasons = statement.reasons(session, {f"grant:{each.id}" for each in grants})
    return [
        Waiting(each.amount - each.clawed, each.release_at, reasons[f"grant:{each.id}"])
        for each in grants
    ]


def at_desk(
    session: Session, member_id: str, now: datetime, cursor: str | None, path: str
) -> AtDesk:
    """What the counter shows of a member."""
    staff = aliased(Member)
    back = (
        select(func.coalesce(func.sum(CreditReturn.amount), 0))
        .where(CreditReturn.taking_id == CreditTaking.id)
        .scalar_subquery()
    )
    columns: list[Any] = [
        CreditTaking.id,
        CreditTaking.reference,
        CreditTaking.amount,
        CreditTaking.currency,
        func.coalesce(staff.name, ApiKey.name),
        CreditTaking.at,
        back,
    ]
    query = (
        select(*columns)
        .outerjoin(staff, staff.id == CreditTaking.by_id)
        .outerjoin(ApiKey, ApiKey.id == CreditTaking.by_key)
        .where(CreditTaking.member_id == member_id)
    )
    takings = read_page(
        session,
        query,
        CreditTaking.id,
        cursor=cursor,
        size=20,
        path=path,
        make=lambda row: TakingLine(row[0], row[1], row[2], row[3], row[4], row[5], int(row[6])),
    )
    return AtDesk(purse.purses(session, member_id, now), takings)
