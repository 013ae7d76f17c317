"""Single credits: what was taken of each by name (`takes`), and what is left with its date.

A lot is what one account has with one date, and several credits may share it. So what is left of a
single credit is only known where all that takes from the account says of which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Subquery, case, func, select
from sqlalchemy.orm import Session, aliased

from ledger.models import account as accounts
from ledger.models import balance as balances
from ledger.models import lot as lots
from ledger.models import lot_use as uses
from ledger.models import transfer as transfers


@dataclass(frozen=True)
class Credit:
    """A credit and what was taken of it by name; what came back of a spending counts as unspent."""

    id: str
    owner: str
    commodity: str
    amount: int
    expires_at: datetime | None
    spent: int
    taken_back: int


@dataclass(frozen=True)
class Dated:
    """What an owner has of a commodity with one date (None: it never expires), and had of it until
    it expired."""

    owner: str
    commodity: str
    expires_at: datetime | None
    left: int
    expired: int


def left_like(session: Session, account: int, credit: str) -> int:
    """How much of what is on `account` has the date of this credit; without one, has none.

    It stays so for whoever has locked the account (`accounts.standings`).
    """
    undated = balances.c.posted - balances.c.expiring
    dated = func.coalesce(lots.c.remaining, 0)
    query = (
        select(case((transfers.c.expires_at.is_(None), undated), else_=dated))
        .select_from(transfers)
        .join(balances, balances.c.account_id == account)
        .outerjoin(
            lots, (lots.c.account == account) & (lots.c.expires_at == transfers.c.expires_at)
        )
        .where(transfers.c.id == credit)
    )
    return int(session.scalar(query) or 0)


def of_commodities(session: Session, prefix: str) -> Sequence[Credit]:
    """Every credit of the commodities that begin with `prefix`, and what was taken of it by name.

    For audits: it reads all that was ever taken by name.
    """
    took, back = _taken(), _came_back()
    credit = transfers
    spent = func.coalesce(took.c.spent, 0) - func.coalesce(back.c.amount, 0)
    rows = session.execute(
        select(
            credit.c.id,
            accounts.c.owner,
            credit.c.commodity,
            credit.c.amount,
            credit.c.expires_at,
            spent,
            func.coalesce(took.c.taken_back, 0),
        )
        .join(accounts, accounts.c.id == credit.c.target)
        .outerjoin(took, took.c.takes == credit.c.id)
        .outerjoin(back, back.c.takes == credit.c.id)
        .where(credit.c.kind == "credit", _begins(credit.c.commodity, prefix))
        .order_by(credit.c.id)
    )
    return [Credit(*row[:5], int(row[5]), int(row[6])) for row in rows]


def by_date(session: Session, prefix: str) -> Sequence[Dated]:
    """What is left and what has expired with each date, of commodities that begin with `prefix`."""
    hers = (accounts.c.kind == "available", accounts.c.owner.is_not(None))
    gone = (
        select(uses.c.account, uses.c.expires_at, (-func.sum(uses.c.amount)).label("amount"))
        .join(transfers, transfers.c.id == uses.c.transfer)
        .where(transfers.c.kind == "expire")
        .group_by(uses.c.account, uses.c.expires_at)
        .subquery("gone")
    )
    same = (gone.c.account == lots.c.account) & (gone.c.expires_at == lots.c.expires_at)
    dated = session.execute(
        select(
            accounts.c.owner,
            accounts.c.commodity,
            lots.c.expires_at,
            lots.c.remaining,
            func.coalesce(gone.c.amount, 0),
        )
        .join(accounts, accounts.c.id == lots.c.account)
        .outerjoin(gone, same)
        .where(*hers, _begins(accounts.c.commodity, prefix))
    )
    undated = session.execute(
        select(accounts.c.owner, accounts.c.commodity, balances.c.posted - balances.c.expiring)
        .join(balances, balances.c.account_id == accounts.c.id)
        .where(*hers, _begins(accounts.c.commodity, prefix))
    )
    found = [Dated(*row[:4], int(row[4])) for row in dated]
    return [*found, *(Dated(owner, code, None, left, 0) for owner, code, left in undated)]


def _begins(code: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    return code.startswith(prefix, autoescape=True)


def _taken() -> Subquery:
    """What was spent and taken back of each credit."""
    kind, amount = transfers.c.kind, transfers.c.amount
    return (
        select(
            transfers.c.takes,
            func.sum(case((kind == "spend", amount), else_=0)).label("spent"),
            func.sum(case((kind == "claw_back", amount), else_=0)).label("taken_back"),
        )
        .where(transfers.c.takes.is_not(None))
        .group_by(transfers.c.takes)
        .subquery("taken")
    )


def _came_back() -> Subquery:
    """What came back of what was spent of each credit."""
    reversal = aliased(transfers)
    return (
        select(transfers.c.takes, func.sum(reversal.c.amount).label("amount"))
        .join(reversal, reversal.c.reverses == transfers.c.id)
        .where(transfers.c.takes.is_not(None), transfers.c.kind == "spend")
        .group_by(transfers.c.takes)
        .subquery("came_back")
    )
