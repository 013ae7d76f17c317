"""The journal in Beancount's language (versions 2 and 3): https://beancount.github.io/docs/

`bean-check` proves the file: every transaction balances, every account was open and holds its one
commodity, and at the end stands what our own balances say, account by account. One transaction per
transfer; its tag is the transfer's kind, its links tie it to what it resolves, reverses or was
made together with, and its metadata name the key and what it was about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from ledger import journal
from ledger.journal import Account, Commodity, Period, Posting, Tell

#: Directives written at a time.
PIECE = 200
OPENING = "Equity:Opening-Balances"
#: A day before anything: commodities are known since then.
DAWN = date(1970, 1, 1)


def text(
    session: Session, period: Period, now: datetime, tell: Tell = lambda done: None
) -> Iterator[str]:
    """The period as a Beancount file, in pieces.

    With a first day, what stood on the accounts before it is brought in by opening transactions.
    """
    piece: list[str] = []
    for directive in _directives(session, period, now, tell):
        piece.append(directive)
        if len(piece) == PIECE:
            yield "\n".join(piece)
            piece = [""]
    yield "\n".join([*piece, ""])


def _directives(session: Session, period: Period, now: datetime, tell: Tell) -> Iterator[str]:
    yield _head(period, now)
    known = journal.commodities_of(session)
    yield from map(_commodity, known)
    last = period.last or max(now.astimezone(UTC).date(), period.first or DAWN)
    yield from _opening(session, period.starts, last, known)
    for posting in journal.postings(session, period, tell):
        last = max(last, posting.at.astimezone(UTC).date())
        yield _transaction(posting)
    yield "\n; What stands on our accounts; one digit more than a commodity has, so that bean-check"
    yield "; tolerates nothing."
    for account in journal.accounts_of(session, period.ends):
        if account.opened <= last:
            yield _balance(account, last + timedelta(days=1))


def _head(period: Period, now: datetime) -> str:
    since, until = period.first or "the beginning", period.last or "now"
    return (
        f"; The book of everything members were given, from {since} to {until} (UTC),\n"
        f"; written {journal.moment(now)}. Members appear under their identifiers.\n"
        'option "title" "Bellmouth"\n'
    )


def _commodity(each: Commodity) -> str:
    return f"{DAWN} commodity {each.name}\n  code: {_quoted(each.code)}\n  scale: {each.scale}"


def _open(account: Account, day: date) -> str:
    return f"{day} open {account.name} {account.commodity}"


def _opening(
    session: Session, starts: datetime | None, last: date, known: list[Commodity]
) -> Iterator[str]:
    """The accounts; what stood on them before the first day comes from one that ends at zero."""
    if starts is None:
        for account in journal.accounts_of(session, None):
            if account.opened <= last:
                yield _open(account, account.opened)
        return
    eve = starts.date() - timedelta(days=1)
    yield f"{eve} open {OPENING}"
    for account in journal.accounts_of(session, starts):
        if account.balance:
            yield _open(account, min(account.opened, eve))
            yield _brought_in(account, eve)
        elif account.opened <= last:
            yield _open(account, account.opened)
    for each in known:
        yield f"{starts.date()} balance {OPENING}  {_units(Decimal(0), each.scale)} {each.name}"


def _brought_in(account: Account, eve: date) -> str:
    digits, currency = account.scale, account.commodity
    return (
        f'{eve} * "Opening balance"\n'
        f"  {account.name}  {_units(account.balance, digits)} {currency}\n"
        f"  {OPENING}  {_units(-account.balance, digits)} {currency}"
    )


def _transaction(each: Posting) -> str:
    links = [each.transfer, each.resolves, each.reverses, each.linked, each.about]
    marks = " ".join(f"^{_mark(link)}" for link in dict.fromkeys(filter(None, links)))
    said = {
        "transfer": each.transfer,
        "at": journal.moment(each.at),
        "kind": each.kind,
        "key": each.key,
        "about": each.about,
        "until": journal.moment(each.until) if each.until else None,
    }
    lines = [
        f"{each.at.astimezone(UTC).date()} * {_quoted(each.kind)} #{_mark(each.kind)} {marks}",
        *(f"  {name}: {_quoted(value)}" for name, value in said.items() if value is not None),
        f"  {each.debit}  {each.amount:f} {each.commodity}",
        f"  {each.credit}  {-each.amount:f} {each.commodity}",
    ]
    return "\n".join(lines)


def _balance(account: Account, day: date) -> str:
    exact = _units(account.balance, account.scale + 1 if account.scale else 0)
    return f"{day} balance {account.name}  {exact} {account.commodity}"


def _units(amount: Decimal, digits: int) -> str:
    return f"{amount + 0:.{digits}f}"


def _mark(text: str) -> str:
    """A tag or link: letters, digits and - _ / . only."""
    return re.sub(r"[^A-Za-z0-9\-_/.]", "-", text)


def _quoted(text: str) -> str:
    plain = " ".join(text.split())
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
