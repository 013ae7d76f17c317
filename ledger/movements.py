"""All that moved on an owner's accounts of one commodity, newest first, with every balance after.

A line is a transfer, whichever of her accounts it touched. There is no number that orders
transfers over several accounts, but each account numbers its own entries without gaps. So a place
in the whole is a *cut*: how far one has read in each account. A page is merged from the heads of
the accounts: a transfer is next when it is at the head of every account of hers that it touched,
the latest first. The thousandth page costs what the first one costs, and balances always chain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func, select, union_all
from sqlalchemy.orm import Session, aliased

from foundation.paging import LARGEST, Page
from ledger.models import account as accounts
from ledger.models import commodity as commodities
from ledger.models import entry as entries
from ledger.models import transfer as transfers
from ledger.statements import Balances, numbers

#: Transfers read at a time when the whole history is wanted.
CHUNK = 500


@dataclass(frozen=True)
class Movement:
    """One transfer on an owner's accounts.

    `source` and `target` are kinds of accounts. `change` is like `Balances` but signed: what it
    did to each number; `after` is what they were once it had happened.
    """

    transfer: str
    at: datetime
    kind: str
    source: str
    target: str
    amount: int
    about: str | None
    until: datetime | None
    change: Balances
    after: Balances


@dataclass(frozen=True)
class Held:
    """A commodity somebody has accounts of; `scale` is its number of decimal places."""

    code: str
    scale: int


@dataclass(frozen=True)
class _Entry:
    account: int
    seq: int
    amount: int
    balance: int
    transfer: str
    at: datetime
    kind: str
    about: str | None
    until: datetime | None
    side: int
    other: int
    other_kind: str

    @property
    def place(self) -> tuple[datetime, str]:
        return self.at, self.transfer


#: How far one has read, by account: the number of the newest entry not read yet, 0 for none.
Cut = dict[int, int]
#: Her accounts: kind by number.
Kinds = Mapping[int, str]
#: Entries of each account, newest first; the first one is the head.
Heads = dict[int, list[_Entry]]


def commodities_of(session: Session, owner: str) -> list[Held]:
    """What the owner has accounts of, points first, then by code."""
    rows = session.execute(
        select(accounts.c.commodity, commodities.c.scale)
        .join(commodities, commodities.c.code == accounts.c.commodity)
        .where(accounts.c.owner == owner)
        .distinct()
    )
    found = [Held(code, scale) for code, scale in rows]
    return sorted(found, key=lambda each: (each.code != "points", each.code))


def page(
    session: Session,
    owner: str,
    commodity: str,
    *,
    cursor: str | None = None,
    size: int = 20,
    path: str = "",
    until: datetime | None = None,
) -> Page[Movement]:
    """A page of the owner's movements; with `until` nothing later than that moment.

    `cursor` is `a<cut>` (older) or `b<cut>` (newer) as found in an earlier page's addresses; any
    other text is read as the first page.
    """
    kinds = _accounts(session, owner, commodity)
    top = _cut_at(session, kinds, until) if until else None
    side, cut = _read(cursor, kinds)
    lower: Cut = dict.fromkeys(kinds, 0)
    upper, newer = cut or top, cut is not None
    if side == "b" and cut is not None:
        lower = cut
        upper, newer = _above(session, kinds, cut, top, size)
    made, rest = _merged(session, kinds, upper, lower, size)
    join = "&" if "?" in path else "?"
    older = any(rest.values())
    return Page(
        rows=made,
        next=f"{path}{join}page=a{_written(rest)}" if older else None,
        previous=f"{path}{join}page=b{_written(upper)}" if newer and upper else None,
    )


def whole(session: Session, owner: str, commodity: str) -> Iterator[Movement]:
    """Every movement, newest first, in a fixed amount of memory."""
    kinds = _accounts(session, owner, commodity)
    upper: Cut | None = None
    while upper is None or any(upper.values()):
        made, upper = _merged(session, kinds, upper, dict.fromkeys(kinds, 0), CHUNK)
        yield from made


def _accounts(session: Session, owner: str, commodity: str) -> Kinds:
    rows = session.execute(
        select(accounts.c.id, accounts.c.kind)
        .where(accounts.c.owner == owner, accounts.c.commodity == commodity)
        .order_by(accounts.c.id)
    )
    return {number: kind for number, kind in rows}  # noqa: C416 - typed as it is


def _merged(
    session: Session, kinds: Kinds, upper: Cut | None, lower: Cut, size: int
) -> tuple[list[Movement], Cut]:
    """Up to `size` movements below `upper` and above `lower`, and the cut where they end."""
    heads = _heads(session, kinds, upper, size + 1)
    made: list[Movement] = []
    while len(made) < size and (ready := _ready(heads, lower, kinds)):
        made.append(_movement(max(ready, key=lambda each: each.place), heads, kinds))
    return made, {number: heads[number][0].seq if heads[number] else 0 for number in kinds}


def _ready(heads: Heads, lower: Cut, kinds: Kinds) -> list[_Entry]:
    """Heads whose transfer is the head of the other account as well, if that one is hers too."""
    found = [each[0] for number, each in heads.items() if each and each[0].seq > lower[number]]
    return [
        entry
        for entry in found
        if entry.other not in kinds
        or (heads[entry.other] and heads[entry.other][0].transfer == entry.transfer)
    ] or found[:1]


def _movement(entry: _Entry, heads: Heads, kinds: Kinds) -> Movement:
    """The movement of a head, taken off the accounts it touched."""
    after = {kinds[number]: each[0].balance for number, each in heads.items() if each}
    change = {}
    for number in (entry.account, entry.other):
        if number in kinds and heads[number] and heads[number][0].transfer == entry.transfer:
            change[kinds[number]] = heads[number].pop(0).amount
    hers = kinds[entry.account]
    return Movement(
        transfer=entry.transfer,
        at=entry.at,
        kind=entry.kind,
        source=hers if entry.side == 0 else entry.other_kind,
        target=entry.other_kind if entry.side == 0 else hers,
        amount=abs(entry.amount),
        about=entry.about,
        until=entry.until,
        change=numbers(change),
        after=numbers(after),
    )


def _heads(session: Session, kinds: Kinds, upper: Cut | None, count: int) -> Heads:
    """The newest `count` entries of each account at or below `upper`, by one statement."""
    heads: Heads = {number: [] for number in kinds}
    if not kinds:
        return heads
    parts = []
    for number in kinds:
        wanted = _entries().where(entries.c.account == number)
        if upper is not None:
            wanted = wanted.where(entries.c.seq <= upper.get(number, 0))
        newest = wanted.order_by(entries.c.seq.desc()).limit(count).subquery()
        parts.append(select(newest))
    for row in session.execute(union_all(*parts)):
        heads[row.account].append(_Entry(*row))
    for each in heads.values():
        each.sort(key=lambda entry: -entry.seq)
    return heads


def _entries() -> Select[Any]:
    opposite = aliased(accounts)
    other = case((entries.c.side == 0, transfers.c.target), else_=transfers.c.source)
    return (
        select(
            entries.c.account,
            entries.c.seq,
            entries.c.amount,
            entries.c.balance_after,
            entries.c.transfer,
            transfers.c.at,
            transfers.c.kind,
            transfers.c.about,
            transfers.c.until,
            entries.c.side,
            other.label("other"),
            opposite.c.kind.label("other_kind"),
        )
        .join(transfers, transfers.c.id == entries.c.transfer)
        .join(opposite, opposite.c.id == other)
    )


def _above(
    session: Session, kinds: Kinds, cut: Cut, top: Cut | None, size: int
) -> tuple[Cut, bool]:
    """The cut that lies `size` movements above `cut`, and whether there is more above it."""
    waiting: Heads = {number: [] for number in kinds}
    for number in kinds:
        wanted = _entries().where(entries.c.account == number, entries.c.seq > cut[number])
        if top is not None:
            wanted = wanted.where(entries.c.seq <= top[number])
        rows = session.execute(wanted.order_by(entries.c.seq).limit(size + 1))
        waiting[number] = [_Entry(*row) for row in rows]
    found = dict(cut)
    for _ in range(size):
        ready = _ready(waiting, dict.fromkeys(kinds, 0), kinds)
        if not ready:
            break
        first = min(ready, key=lambda each: each.place)
        for number in (first.account, first.other):
            if (
                number in kinds
                and waiting[number]
                and waiting[number][0].transfer == first.transfer
            ):
                found[number] = waiting[number].pop(0).seq
    return found, any(waiting.values())


def _cut_at(session: Session, kinds: Kinds, moment: datetime) -> Cut:
    """How far each account had come at `moment`."""
    rows = session.execute(
        select(entries.c.account, func.max(entries.c.seq))
        .join(transfers, transfers.c.id == entries.c.transfer)
        .where(entries.c.account.in_(kinds), transfers.c.at <= moment)
        .group_by(entries.c.account)
    )
    return dict.fromkeys(kinds, 0) | {number: int(seq) for number, seq in rows}


def _written(cut: Cut) -> str:
    return ".".join(str(cut[number]) for number in sorted(cut))


def _read(cursor: str | None, kinds: Kinds) -> tuple[str, Cut | None]:
    """A cut as it stands in an address; accounts opened since then had nothing at it."""
    side, text = (cursor[0], cursor[1:]) if cursor and cursor[0] in "ab" else ("", "")
    try:
        read: Sequence[int] = [int(part) for part in text.split(".")] if text else []
    except ValueError:
        read = []
    if not read or not all(0 <= each <= LARGEST for each in read):
        return "", None
    padded = [*read, *([0] * len(kinds))]
    return side, dict(zip(sorted(kinds), padded, strict=False))
