"""Facts: what happened, written once, told in the same transaction to whoever must hear it.

A fact is everything that a rule, a thank-you, a stage, a number, a webhook or a feed could care
about. The table of who hears what stands in app.py and reads like a page. Hearers get batches (one
fact is a batch of one), so that an import of a hundred thousand orders costs a few statements.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from foundation.once import insert_once
from foundation.tables import Base, Id, Json, Moment, new_id, table_of


class Fact(Base):
    """One thing that happened. Append-only; no foreign keys, for people and texts may be erased."""

    __tablename__ = "fact"
    __table_args__ = (UniqueConstraint("kind", "subject"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    member_id: Mapped[Id | None] = mapped_column(index=True)
    at: Mapped[Moment] = mapped_column(index=True)  # when it happened
    recorded_at: Mapped[Moment]  # when we were told
    details: Mapped[Json]


@dataclass(frozen=True)
class FactDraft:
    """A fact about to be recorded; `at` is when it happened (an imported order: years ago)."""

    kind: str
    member_id: str | None
    subject: str
    at: datetime
    details: Mapping[str, Any] = field(default_factory=dict)


Hearer = Callable[[Session, Sequence[Fact], datetime], None]

_hearers: Mapping[str, Sequence[Hearer]] = {}


def listen(hearers: Mapping[str, Sequence[Hearer]]) -> None:
    """Take the table of who hears which fact (app.py holds it)."""
    global _hearers
    _hearers = hearers


def record(
    session: Session,
    kind: str,
    member_id: str | None,
    subject: str,
    now: datetime,
    **details: Any,
) -> Fact | None:
    """Write a fact and tell its hearers; None when the same kind and subject happened before."""
    fact = _row(FactDraft(kind, member_id, subject, now, details), now)
    if not insert_once(session, Fact, _values(fact)):
        return None
    _tell(session, kind, [fact], now)
    return fact


def record_many(session: Session, drafts: Sequence[FactDraft], now: datetime) -> list[Fact]:
    """Write many facts and tell each hearer once per kind; those that happened before are left out.

    Hearers of one kind run before those of the next, in the order the kinds first appear.
    """
    known = _happened(session, drafts)
    fresh = {(d.kind, d.subject): _row(d, now) for d in drafts if (d.kind, d.subject) not in known}
    if not fresh:
        return []
    session.execute(table_of(Fact).insert(), [_values(fact) for fact in fresh.values()])
    by_kind: dict[str, list[Fact]] = {}
    for fact in fresh.values():
        by_kind.setdefault(fact.kind, []).append(fact)
    for kind, facts in by_kind.items():
        _tell(session, kind, facts, now)
    return list(fresh.values())


def _tell(session: Session, kind: str, facts: Sequence[Fact], now: datetime) -> None:
    for hear in _hearers.get(kind, ()):
        hear(session, facts, now)


def _happened(session: Session, drafts: Sequence[FactDraft]) -> set[tuple[str, str]]:
    known: set[tuple[str, str]] = set()
    subjects = [draft.subject for draft in drafts]
    for start in range(0, len(subjects), 500):
        chunk = subjects[start : start + 500]
        rows = session.execute(select(Fact.kind, Fact.subject).where(Fact.subject.in_(chunk)))
        known.update((kind, subject) for kind, subject in rows)
    return known


def _row(draft: FactDraft, now: datetime) -> Fact:
    at = min(draft.at, now)  # nothing is told before it happens: the clock of who tells is ahead
    return Fact(
        id=new_id(at),
        kind=draft.kind,
        subject=draft.subject,
        member_id=draft.member_id,
        at=at,
        recorded_at=now,
        details=dict(draft.details),
    )


def _values(fact: Fact) -> dict[str, Any]:
    return {column.name: getattr(fact, column.name) for column in Fact.__table__.columns}
