"""Pages by key, never by OFFSET: the hundredth page costs what the first one costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, Select
from sqlalchemy.orm import Session

Row = TypeVar("Row")

#: No row number of either back end is larger; SQLite's driver raises beyond it, PostgreSQL already
#: beyond what the column's own type holds.
LARGEST, LARGEST_INTEGER = 2**63 - 1, 2**31 - 1


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows in order, and the addresses of the pages around them (None at the ends)."""

    rows: Sequence[Row]
    next: str | None = None
    previous: str | None = None


def read_page(
    session: Session,
    statement: Select[Any],
    key: Any,
    *,
    cursor: str | None = None,
    size: int = 20,
    descending: bool = True,
    make: Callable[[Any], Any] = lambda row: row,
    path: str = "",
) -> Page[Any]:
    """One page of `statement` ordered by the unique column `key`.

    `cursor` is `a<key>` (after) or `b<key>` (before) as found in an earlier page's addresses; any
    other text is read as the first page. `key`'s value must be the attribute of its name in a row.
    """
    side, value = (cursor[0], cursor[1:]) if cursor and cursor[0] in "ab" else ("", "")
    typed = _typed(key, value)
    forwards = side != "b" or typed is None
    falling = descending if forwards else not descending
    if typed is not None:
        statement = statement.where(key < typed if falling else key > typed)
    found = list(
        session.execute(statement.order_by(key.desc() if falling else key.asc()).limit(size + 1))
    )
    more, found = len(found) > size, found[:size]
    if not forwards:
        found.reverse()
    return _page(found, key.key, forwards, more, typed is not None, make, path)


def _page(
    found: list[Any],
    name: str,
    forwards: bool,
    more: bool,
    moved: bool,
    make: Callable[[Any], Any],
    path: str,
) -> Page[Any]:
    join = "&" if "?" in path else "?"
    after = f"{path}{join}page=a{getattr(found[-1], name)}" if found else None
    before = f"{path}{join}page=b{getattr(found[0], name)}" if found else None
    return Page(
        rows=[make(row) for row in found],
        next=after if (more or not forwards) else None,
        previous=before if (moved if forwards else more) else None,
    )


def _typed(key: Any, value: str) -> Any:
    if not value:
        return None
    try:
        typed = key.type.python_type(value)
    except (ValueError, TypeError, NotImplementedError):
        return None
    most = LARGEST if isinstance(key.type, BigInteger) else LARGEST_INTEGER
    return None if isinstance(typed, int) and abs(typed) > most else typed
