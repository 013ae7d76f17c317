"""Pages by key go forwards and back, and a cursor that somebody made up leads to the first page."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from foundation.doors import Database, reading, writing
from foundation.facts import Fact, FactDraft, record_many
from foundation.paging import Page, read_page
from foundation.search import Document


@pytest.fixture
def facts(database: Database, now: datetime) -> list[str]:
    """Seven facts, oldest first."""
    drafts = [FactDraft("cup", None, f"cup:{n}", now + timedelta(minutes=n)) for n in range(7)]
    with writing() as session:
        return [fact.id for fact in record_many(session, drafts, now + timedelta(hours=1))]


def page(cursor: str | None, **more: object) -> Page[str]:
    with reading() as session:
        return read_page(
            session,
            select(Fact.id),
            Fact.id,
            cursor=cursor,
            size=3,
            make=lambda row: row.id,
            path="/cups",
            **more,  # type: ignore[arg-type]
        )


def cursor_of(address: str | None) -> str:
    assert address is not None
    return address.partition("page=")[2]


def test_it_works(facts: list[str]) -> None:
    first = page(None)
    second = page(cursor_of(first.next))
    third = page(cursor_of(second.next))
    newest_first = facts[::-1]
    assert [*first.rows, *second.rows, *third.rows] == newest_first
    assert (first.previous, third.next) == (None, None)


def test_going_back_shows_the_same_pages(facts: list[str]) -> None:
    first = page(None)
    second = page(cursor_of(first.next))
    third = page(cursor_of(second.next))
    back = page(cursor_of(third.previous))
    assert back.rows == second.rows
    start = page(cursor_of(back.previous))
    assert (start.rows, start.previous) == (first.rows, None)


def test_ascending(facts: list[str]) -> None:
    first = page(None, descending=False)
    assert [*first.rows, *page(cursor_of(first.next), descending=False).rows] == facts[:6]


@pytest.mark.parametrize("cursor", ["", "x", "a", "b", "nonsense", "a\x00", "a" + "9" * 60, "🫖"])
def test_a_made_up_cursor_breaks_nothing(facts: list[str], cursor: str) -> None:
    page(cursor.replace("\x00", ""))
    with reading() as session:
        read_page(session, select(Document.id), Document.id, cursor=cursor)
