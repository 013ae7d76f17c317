"""Versions of public pages: a verb that changes what a page shows touches its key.

A cached page is served only while the versions it was rendered from are still the committed ones,
asked of the database at each request; so no process can show a stale page after a write.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from sqlalchemy.orm import Mapped, Session, mapped_column

from foundation import counters
from foundation.quick import ask
from foundation.tables import Base, Number


class PageVersion(Base):
    """How often what stands behind `key` has changed."""

    __tablename__ = "page_version"

    key: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[Number]


def touch(session: Session, *keys: str) -> None:
    """Say in this transaction that pages depending on `keys` (`topic:…`, `clubs`) changed."""
    for key in sorted(set(keys)):  # one order for everybody
        counters.move(session, PageVersion, {"key": key}, "version", 1)


def stamp(keys: Sequence[str]) -> tuple[int, ...]:
    """The committed versions of `keys`, in their order; 0 for a key never touched."""
    marks = ",".join("?" * len(keys))
    rows = ask(f"select key, version from page_version where key in ({marks})", *keys)  # noqa: S608
    found = dict(cast("list[tuple[str, int]]", rows))
    return tuple(found.get(key, 0) for key in keys)
