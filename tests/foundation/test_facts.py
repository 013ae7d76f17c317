"""A fact happens once, its hearers hear it in the same transaction, and none may be lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from foundation import facts
from foundation.doors import Database, reading, writing
from foundation.facts import Fact, FactDraft


@pytest.fixture
def heard(database: Database) -> Iterator[list[str]]:
    """Subjects of `tea.poured`, as a hearer was told them."""
    subjects: list[str] = []
    before = facts._hearers
    facts.listen({"tea.poured": [lambda s, batch, now: subjects.extend(f.subject for f in batch)]})
    yield subjects
    facts.listen(before)


def count() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Fact)) or 0


def test_a_fact_is_written_and_told(heard: list[str], now: datetime) -> None:
    with writing() as session:
        fact = facts.record(session, "tea.poured", None, "cup:1", now, grams=5)
    assert fact is not None
    assert heard == ["cup:1"]
    with reading() as session:
        kept = session.scalars(select(Fact)).one()
    assert (kept.kind, kept.subject, kept.at, kept.details) == (
        "tea.poured",
        "cup:1",
        now,
        {"grams": 5},
    )


def test_nothing_is_told_before_it_happens(heard: list[str], now: datetime) -> None:
    """A shop's clock is some minutes ahead: what it tells of happened now."""
    draft = FactDraft("tea.poured", None, "cup:1", now + timedelta(minutes=3))
    with writing() as session:
        facts.record_many(session, [draft], now)
    with reading() as session:
        fact = session.scalars(select(Fact)).one()
    assert fact.at == fact.recorded_at == now


def test_the_same_fact_happens_once(heard: list[str], now: datetime) -> None:
    for _ in range(3):
        with writing() as session:
            facts.record(session, "tea.poured", None, "cup:1", now)
    assert (count(), heard) == (1, ["cup:1"])


def test_a_failing_hearer_undoes_the_fact(heard: list[str], now: datetime) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the cup broke")

    facts.listen({"tea.poured": [fail]})
    with pytest.raises(RuntimeError), writing() as session:
        facts.record(session, "tea.poured", None, "cup:1", now)
    assert count() == 0


def test_a_batch_is_told_once_and_without_what_happened_before(
    heard: list[str], now: datetime
) -> None:
    drafts = [
        FactDraft("tea.poured", None, f"cup:{n}", now - timedelta(days=n)) for n in range(1_200)
    ]
    with writing() as session:
        facts.record_many(session, drafts[:700], now)
    with writing() as session:
        fresh = facts.record_many(session, drafts, now)
    assert (len(fresh), count(), len(heard)) == (500, 1_200, 1_200)


@pytest.mark.parametrize("attack", ["update fact set kind = 'x'", "delete from fact"])
def test_the_database_itself_refuses_to_change_a_fact(
    heard: list[str], now: datetime, attack: str
) -> None:
    with writing() as session:
        facts.record(session, "tea.poured", None, "cup:1", now)
    with pytest.raises(DBAPIError, match="append-only"), writing() as session:
        session.execute(text(attack))
    assert count() == 1
