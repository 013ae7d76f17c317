"""What can be read: a member's numbers and statement, now and then; the owner's trial balance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from foundation.paging import Page, read_page
from ledger.models import account as accounts
from ledger.models import balance as balances_table
from ledger.models import entry as entries
from ledger.models import lot as lots
from ledger.models import transfer as transfers


@dataclass(frozen=True)
class Balances:
    """A member's numbers of one commodity, in whole units, none below zero.

    `negative` is what is owed: taken back after it had been spent, paid off by later credits.
    pending + available + spent + expired + clawed_back - negative is all that was ever given.
    """

    pending: int = 0
    available: int = 0
    spent: int = 0
    expired: int = 0
    negative: int = 0
    clawed_back: int = 0


@dataclass(frozen=True)
class Line:
    """One line of a statement: what a transfer did to the account and what was on it afterwards.

    `other` is the kind of the account on the other side.
    """

    seq: int
    transfer: str
    at: datetime
    kind: str
    other: str
    amount: int
    balance: int
    about: str | None
    memo: Mapping[str, Any] | None


@dataclass(frozen=True)
class Expiring:
    """So many units expire at that moment unless they are spent before."""

    expires_at: datetime
    amount: int


@dataclass(frozen=True)
class TrialRow:
    """All accounts of one kind and commodity together; the rows of a commodity sum to zero."""

    commodity: str
    kind: str
    accounts: int
    balance: int

    @property
    def debit(self) -> int:
        return max(-self.balance, 0)

    @property
    def credit(self) -> int:
        return max(self.balance, 0)


@dataclass(frozen=True)
class Outstanding:
    """What the programme may still have to honour, and what is owed to it."""

    commodity: str
    pending: int
    available: int
    owed: int


def balances(session: Session, owner: str, commodity: str) -> Balances:
    """The owner's numbers now; zeros for somebody the ledger has never met."""
    return balances_of(session, [owner], commodity)[owner]


def balances_of(session: Session, owners: Sequence[str], commodity: str) -> dict[str, Balances]:
    """The numbers of many owners now, in one statement."""
    rows = session.execute(
        select(accounts.c.owner, accounts.c.kind, balances_table.c.posted)
        .join(balances_table, balances_table.c.account_id == accounts.c.id)
        .where(accounts.c.owner.in_(owners), accounts.c.commodity == commodity)
    )
    found: dict[str, dict[str, int]] = {owner: {} for owner in owners}
    for owner, kind, posted in rows:
        found[owner][kind] = posted
    return {owner: numbers(kinds) for owner, kinds in found.items()}


def balances_at(session: Session, owner: str, commodity: str, moment: datetime) -> Balances:
    """The owner's numbers as they were at `moment`, transfers of that very moment included."""
    rows = session.execute(
        select(accounts.c.kind, func.sum(entries.c.amount))
        .join(entries, entries.c.account == accounts.c.id)
        .join(transfers, transfers.c.id == entries.c.transfer)
        .where(
            accounts.c.owner == owner,
            accounts.c.commodity == commodity,
            transfers.c.at <= moment,
        )
        .group_by(accounts.c.kind)
    )
    return numbers({kind: int(total) for kind, total in rows})


def expiring(session: Session, owner: str, commodity: str) -> list[Expiring]:
    """What of the owner's available units expires when, soonest first; the rest never does."""
    rows = session.execute(
        select(lots.c.expires_at, lots.c.remaining)
        .join(accounts, accounts.c.id == lots.c.account)
        .where(accounts.c.owner == owner, accounts.c.commodity == commodity, lots.c.remaining > 0)
        .order_by(lots.c.expires_at)
    )
    return [Expiring(expires_at, left) for expires_at, left in rows]


def balances_by_owner(session: Session, prefix: str) -> dict[tuple[str, str], Balances]:
    """The numbers of every owner of commodities whose code begins so, by owner and commodity.

    Reads the accounts of the whole book: for audits.
    """
    rows = session.execute(
        select(accounts.c.owner, accounts.c.commodity, accounts.c.kind, balances_table.c.posted)
        .join(balances_table, balances_table.c.account_id == accounts.c.id)
        .where(accounts.c.commodity.startswith(prefix, autoescape=True))
        .where(accounts.c.owner.is_not(None))
    )
    kinds: dict[tuple[str, str], dict[str, int]] = {}
    for owner, commodity, kind, posted in rows:
        kinds.setdefault((owner, commodity), {})[kind] = posted
    return {whose: numbers(found) for whose, found in kinds.items()}


def balance(session: Session, account_id: int) -> int:
    """What is on an account now, exact for deferred accounts too."""
    statement = select(present()).where(balances_table.c.account_id == account_id)
    return int(session.execute(statement).scalar_one())


def balance_at(session: Session, account_id: int, moment: datetime) -> int:
    """What was on an account at `moment`, transfers of that very moment included."""
    total = (
        select(func.coalesce(func.sum(entries.c.amount), 0))
        .join(transfers, transfers.c.id == entries.c.transfer)
        .where(entries.c.account == account_id, transfers.c.at <= moment)
    )
    return int(session.execute(total).scalar_one())


def statement(
    session: Session,
    owner: str,
    commodity: str,
    kind: str = "available",
    *,
    cursor: str | None = None,
    size: int = 20,
    path: str = "",
) -> Page[Line]:
    """A page of the statement of one of the owner's accounts, newest line first."""
    return read_page(
        session,
        _lines().where(
            accounts.c.owner == owner,
            accounts.c.kind == kind,
            accounts.c.commodity == commodity,
        ),
        entries.c.seq,
        cursor=cursor,
        size=size,
        make=lambda row: Line(*row),
        path=path,
    )


def paid_off_by(session: Session, transfer_id: str) -> int:
    """What of a credit, or of what was posted of a hold, made up for what its owner owed."""
    of_it = or_(
        transfers.c.id == transfer_id,
        transfers.c.linked == transfer_id,
        transfers.c.resolves == transfer_id,
    )
    query = (
        select(func.coalesce(func.sum(transfers.c.amount), 0))
        .join(accounts, accounts.c.id == transfers.c.target)
        .where(of_it, accounts.c.kind == "owed")
    )
    return int(session.scalar(query) or 0)


def trial_balance(session: Session) -> list[TrialRow]:
    """Every kind of account with its total; the rows of each commodity sum to zero."""
    rows = session.execute(
        select(accounts.c.commodity, accounts.c.kind, func.count(), func.sum(present()))
        .join(balances_table, balances_table.c.account_id == accounts.c.id)
        .group_by(accounts.c.commodity, accounts.c.kind)
        .order_by(accounts.c.commodity, accounts.c.kind)
    )
    return [TrialRow(commodity, kind, count, int(total)) for commodity, kind, count, total in rows]


def outstanding(session: Session) -> list[Outstanding]:
    """Per commodity: promised, available, and owed by members (zero or more)."""
    totals: dict[str, dict[str, int]] = {}
    for row in trial_balance(session):
        totals.setdefault(row.commodity, {})[row.kind] = row.balance
    return [
        Outstanding(
            commodity,
            pending=kinds.get("pending", 0),
            available=kinds.get("available", 0),
            owed=-kinds.get("owed", 0),
        )
        for commodity, kinds in totals.items()
    ]


def numbers(kinds: Mapping[str, int]) -> Balances:
    """What is on an owner's accounts, by kind, as the numbers she sees."""
    return Balances(
        pending=kinds.get("pending", 0),
        available=kinds.get("available", 0),
        spent=kinds.get("redeemed", 0),
        expired=kinds.get("expired", 0),
        negative=-kinds.get("owed", 0),
        clawed_back=kinds.get("clawed_back", 0),
    )


def present() -> Any:
    """The balance, with the entries of a deferred account that were not folded yet."""
    unfolded = (
        select(func.coalesce(func.sum(entries.c.amount), 0))
        .where(
            entries.c.account == balances_table.c.account_id,
            entries.c.seq.is_(None),
            entries.c.written_in >= balances_table.c.folded,
        )
        .correlate(balances_table)
        .scalar_subquery()
    )
    return balances_table.c.posted + case((balances_table.c.deferred, unfolded), else_=0)


def _lines() -> Select[Any]:
    other = aliased(accounts)
    opposite = case((entries.c.side == 0, transfers.c.target), else_=transfers.c.source)
    return (
        select(
            entries.c.seq,
            entries.c.transfer,
            transfers.c.at,
            transfers.c.kind,
            other.c.kind.label("other"),
            entries.c.amount,
            entries.c.balance_after,
            transfers.c.about,
            transfers.c.memo,
        )
        .join(accounts, accounts.c.id == entries.c.account)
        .join(transfers, transfers.c.id == entries.c.transfer)
        .join(other, other.c.id == opposite)
    )
