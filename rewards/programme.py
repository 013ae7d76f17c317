"""Which programme is in force, and which was at any moment: what counts is the rules on the day
something happened, also when we are told of it after they changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from foundation.facts import Fact
from foundation.tables import table_of
from rewards.models import ProgrammeDraft, ProgrammeVersion
from rewards.rules import Programme, read

FACT = table_of(Fact)


@dataclass(frozen=True)
class Version:
    """A published programme."""

    id: str
    number: int
    rules: Programme
    note: str
    published_by: str | None
    published_at: datetime
    superseded_at: datetime | None = None


@dataclass(frozen=True)
class Draft:
    """The programme the owners work on. `revision` is a name for all that it says, and `turn` how
    often it was changed."""

    id: str
    based_on: int
    rules: Programme
    note: str
    revision: str
    turn: int
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True)
class Dated:
    """Since when a version is in force; its rules are read when they are needed."""

    number: int
    published_at: datetime


def current(session: Session) -> Programme | None:
    """The rules in force, or None before the first publication."""
    version = latest(session)
    return version.rules if version else None


def latest(session: Session) -> Version | None:
    """The version in force, or None before the first publication."""
    row = session.scalar(select(ProgrammeVersion).order_by(ProgrammeVersion.number.desc()).limit(1))
    return _version(row, None) if row is not None else None


def version(session: Session, number: int) -> Version | None:
    """The version with that number, if it was ever published."""
    return numbered(session, [number]).get(number)


def numbered(session: Session, numbers: Iterable[int]) -> dict[int, Version]:
    """The versions with these numbers, as far as they were ever published; one statement."""
    wanted = set(numbers)
    if not wanted:
        return {}
    near = {*wanted, *(number + 1 for number in wanted)}  # the next one ends it
    found = session.scalars(select(ProgrammeVersion).where(ProgrammeVersion.number.in_(near)))
    rows = {row.number: row for row in found}
    began = {number: row.published_at for number, row in rows.items()}
    return {
        number: _version(rows[number], began.get(number + 1)) for number in wanted & rows.keys()
    }


def versions(session: Session) -> list[Version]:
    """Every version, newest first."""
    rows = session.scalars(select(ProgrammeVersion).order_by(ProgrammeVersion.number.desc()))
    found: list[Version] = []
    for row in rows:
        found.append(_version(row, found[-1].published_at if found else None))
    return found


def timeline(session: Session) -> list[Dated]:
    """When each version came into force, newest first; one small statement."""
    rows = session.execute(
        select(ProgrammeVersion.number, ProgrammeVersion.published_at).order_by(
            ProgrammeVersion.number.desc()
        )
    )
    return [Dated(number, published_at) for number, published_at in rows]


def in_force(dated: Sequence[Dated], at: datetime) -> int | None:
    """Number of the version in force at `at`; None before the first one."""
    return next((each.number for each in dated if each.published_at <= at), None)


def naming(session: Session, keys: Iterable[str], known: Sequence[Programme]) -> list[Programme]:
    """`known`, and where they lack a rule or an offer of `keys`, the versions that had it, newest
    first: what was given by a rule that is gone is still called by its name."""
    gone = {key for key in keys if not any(_has(rules, key) for rules in known)}
    if not gone:
        return list(known)
    older = (version.rules for version in versions(session))
    return [*known, *(rules for rules in older if any(_has(rules, key) for key in gone))]


def _has(rules: Programme, key: str) -> bool:
    return (rules.rule(key) or rules.topup(key)) is not None


def told(session: Session, start: datetime) -> ColumnElement[datetime]:
    """When we were told of a fact, for a past that is gone through from `start` on.

    What happened before there was any programme counts as told when it happened: nothing was given
    for it, and years of orders that were imported in one evening are to be seen as they were lived.
    """
    first = session.scalar(select(func.min(ProgrammeVersion.published_at)))
    if first is None:
        return FACT.c.at
    if start >= first:
        return FACT.c.recorded_at
    return case((FACT.c.at < first, FACT.c.at), else_=FACT.c.recorded_at)


def draft(session: Session) -> Draft | None:
    """The draft, if there is one."""
    row = session.scalar(select(ProgrammeDraft))
    if row is None:
        return None
    return Draft(
        row.id,
        row.based_on,
        read(row.rules),
        row.note,
        revision_of(row.rules, row.note),
        row.revision,
        row.changed_by,
        row.changed_at,
    )


def revision_of(document: Mapping[str, Any], note: str) -> str:
    """A name for what a draft says: another draft that says it too has the same."""
    written = json.dumps([document, note], sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()[:32]


def saying(session: Session, revision: str) -> Version | None:
    """The version in force, if it is what a draft of this revision became."""
    found = latest(session)
    if found is None:
        return None
    document = found.rules.model_dump(mode="json")
    return found if revision_of(document, found.note) == revision else None


def _version(row: ProgrammeVersion, superseded_at: datetime | None) -> Version:
    return Version(
        row.id,
        row.number,
        _read_once(row.id, _Unhashed(row.rules)),
        row.note,
        row.published_by,
        row.published_at,
        superseded_at,
    )


class _Unhashed:
    """A document that does not count as part of a cache's key."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Unhashed)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=64)
def _read_once(version_id: str, rules: _Unhashed) -> Programme:
    """A version never changes, so its rules are read once per process."""
    return read(rules.document)
