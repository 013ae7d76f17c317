"""The journal: every transfer as two lines of a bookkeeper's book, for CSV and for Beancount.

Names are Beancount's, in both files: what members may still claim is a liability, what the
programme issued an expense, what was spent or expired income. Owners appear under their
identifiers only. An amount is a debit of the account it came from and a credit of the one it went
to, which is the sign the trial balance shows.

The whole book is read as of one moment, like all that a session of `reading()` reads, in the order
of the transfers' identifiers, so in time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from foundation.sheets import Cell, as_csv
from ledger.models import account as accounts
from ledger.models import balance as balances
from ledger.models import commodity as commodities
from ledger.models import entry as entries
from ledger.models import transfer as transfers
from ledger.names import account_name, currency_names
from ledger.statements import present

#: Transfers read at a time.
CHUNK = 2_000

#: Hears how many transfers were written so far.
Tell = Callable[[int], None]

COLUMNS = (
    "transfer",
    "at",
    "kind",
    "debit",
    "credit",
    "amount",
    "commodity",
    "key",
    "about",
    "until",
    "resolves",
    "reverses",
    "linked",
)


@dataclass(frozen=True)
class Period:
    """Days in UTC, both included; None: since the beginning, until now."""

    first: date | None = None
    last: date | None = None

    @property
    def starts(self) -> datetime | None:
        return datetime.combine(self.first, time(), UTC) if self.first else None

    @property
    def ends(self) -> datetime | None:
        """The first moment that no longer belongs to it."""
        return datetime.combine(self.last + timedelta(days=1), time(), UTC) if self.last else None

    @property
    def is_empty(self) -> bool:
        return bool(self.first and self.last and self.last < self.first)


@dataclass(frozen=True)
class Posting:
    """A transfer with the names of its two accounts, `amount` in units as people write them."""

    transfer: str
    at: datetime
    kind: str
    debit: str
    credit: str
    amount: Decimal
    commodity: str
    key: str
    about: str | None
    until: datetime | None
    resolves: str | None
    reverses: str | None
    linked: str | None


@dataclass(frozen=True)
class Account:
    """An account as the journal names it; `balance` in the book's sign: a debit is positive."""

    number: int
    name: str
    commodity: str
    scale: int
    opened: date
    balance: Decimal


@dataclass(frozen=True)
class Commodity:
    """A commodity and what the journal calls it."""

    code: str
    name: str
    scale: int


def size(session: Session, period: Period) -> int:
    """How many transfers the period has."""
    wanted = select(func.count()).select_from(transfers).where(*_within(period))
    return int(session.scalar(wanted) or 0)


def commodities_of(session: Session) -> list[Commodity]:
    """All commodities in the order of their codes, each with a name of its own."""
    rows = session.execute(select(commodities).order_by(commodities.c.code)).all()
    names = currency_names([row.code for row in rows])
    return [Commodity(row.code, names[row.code], row.scale) for row in rows]


def csv_rows(session: Session, period: Period, tell: Tell = lambda done: None) -> Iterator[str]:
    """The period's transfers as CSV in pieces; columns as docs/book.md describes them."""
    return as_csv(COLUMNS, _cells(session, period, tell))


def _cells(session: Session, period: Period, tell: Tell) -> Iterator[list[Cell]]:
    for each in postings(session, period, tell):
        yield [
            each.transfer,
            moment(each.at),
            each.kind,
            each.debit,
            each.credit,
            each.amount,
            each.commodity,
            each.key,
            each.about,
            moment(each.until) if each.until else None,
            each.resolves,
            each.reverses,
            each.linked,
        ]


def moment(at: datetime) -> str:
    """2026-03-03T12:00:00.000000Z"""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def postings(session: Session, period: Period, tell: Tell = lambda done: None) -> Iterator[Posting]:
    """The period's transfers, page by page."""
    known = {each.code: each for each in commodities_of(session)}
    last, done = "", 0
    while rows := session.execute(_page(period, last)).all():
        for row in rows:
            yield _posting(row, known[row.commodity])
        last, done = rows[-1].id, done + len(rows)
        tell(done)


def _page(period: Period, last: str) -> Select[Any]:
    source, target = aliased(accounts), aliased(accounts)
    return (
        select(
            transfers,
            source.c.owner.label("source_owner"),
            source.c.kind.label("source_kind"),
            target.c.owner.label("target_owner"),
            target.c.kind.label("target_kind"),
        )
        .join(source, source.c.id == transfers.c.source)
        .join(target, target.c.id == transfers.c.target)
        .where(transfers.c.id > last, *_within(period))
        .order_by(transfers.c.id)
        .limit(CHUNK)
    )


def _within(period: Period) -> list[Any]:
    inside = []
    if period.starts:
        inside.append(transfers.c.at >= period.starts)
    if period.ends:
        inside.append(transfers.c.at < period.ends)
    return inside


def _posting(row: Any, commodity: Commodity) -> Posting:
    return Posting(
        transfer=row.id,
        at=row.at,
        kind=row.kind,
        debit=account_name(row.source_owner, row.source_kind, commodity.name),
        credit=account_name(row.target_owner, row.target_kind, commodity.name),
        amount=Decimal(row.amount).scaleb(-commodity.scale),
        commodity=commodity.name,
        key=row.key,
        about=row.about,
        until=row.until,
        resolves=row.resolves,
        reverses=row.reverses,
        linked=row.linked,
    )


def accounts_of(session: Session, before: datetime | None) -> Iterator[Account]:
    """Every account in the order of their numbers, with its balance before that moment, or now.

    An account is as old as what happened on it, should a clock have gone back in between.
    """
    known = {each.code: each for each in commodities_of(session)}
    older = _used_before_opened(session)
    then = _balances_before(session, before) if before else None
    rows = session.execute(
        select(accounts, present().label("balance"))
        .join(balances, balances.c.account_id == accounts.c.id)
        .order_by(accounts.c.id)
        .execution_options(yield_per=CHUNK)
    )
    for row in rows:
        its = known[row.commodity]
        units = row.balance if then is None else then.get(row.id, 0)
        yield Account(
            number=row.id,
            name=account_name(row.owner, row.kind, its.name),
            commodity=its.name,
            scale=its.scale,
            opened=min(row.opened_at, older.get(row.id, row.opened_at)).date(),
            balance=-Decimal(int(units)).scaleb(-its.scale),
        )


def _used_before_opened(session: Session) -> dict[int, datetime]:
    rows = session.execute(
        select(accounts.c.id, func.min(transfers.c.at, type_=transfers.c.at.type))
        .select_from(transfers)
        .join(
            accounts, or_(accounts.c.id == transfers.c.source, accounts.c.id == transfers.c.target)
        )
        .where(transfers.c.at < accounts.c.opened_at)
        .group_by(accounts.c.id)
    )
    return {number: at for number, at in rows}  # noqa: C416 - typed as it is


def _balances_before(session: Session, before: datetime) -> dict[int, int]:
    rows = session.execute(
        select(entries.c.account, func.sum(entries.c.amount))
        .join(transfers, transfers.c.id == entries.c.transfer)
        .where(transfers.c.at < before)
        .group_by(entries.c.account)
    )
    return {number: int(total) for number, total in rows}
