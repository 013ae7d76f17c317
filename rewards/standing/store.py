"""Where standing is kept: counters by day, places, changes; read and written for many at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from foundation.once import insert_many_once
from foundation.tables import new_id, table_of
from rewards.standing.climbing import Place, Scale, Sheet, Step, newcomer
from rewards.standing.models import MemberTier, StandingChange, StandingCount
from rewards.standing.rules import NAMES, Measured, first_day

#: Members asked about in one statement.
CHUNK = 500
_WHAT = {name: number for number, name in enumerate(NAMES)}
_TIER = table_of(MemberTier)


@dataclass(slots=True)
class Kept:
    """A member's place and sheet while they are worked on, and what changed."""

    place: Place
    sheet: Sheet
    changes: int
    steps: list[Step] = field(default_factory=list)


def chunks(member_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Member ids, so many at a time."""
    for start in range(0, len(member_ids), CHUNK):
        yield member_ids[start : start + CHUNK]


def enrol(session: Session, scale: Scale, member_ids: Iterable[str], now: datetime) -> None:
    """Give a place to those of `member_ids` who have none."""
    place = newcomer(scale, now, now.toordinal())
    rows = [{"member_id": each, "changes": 0, **place_values(place)} for each in sorted(member_ids)]
    insert_many_once(session, MemberTier, rows)


def read(session: Session, scale: Scale, member_ids: Sequence[str], day: int) -> dict[str, Kept]:
    """Places and sheets of those who have a place; ready for every evaluation until `day`."""
    return _with_sheets(session, scale, _places(session, member_ids, is_locked=False), day)


def lock(session: Session, scale: Scale, member_ids: Sequence[str], day: int) -> dict[str, Kept]:
    """The same, for whoever changes them: nobody else counts these members meanwhile."""
    return _with_sheets(session, scale, _places(session, member_ids, is_locked=True), day)


def places(session: Session, member_ids: Sequence[str]) -> dict[str, Place]:
    """The places of those who have one, as they were left."""
    return {row.member_id: place_of(row) for row in _places(session, member_ids, is_locked=False)}


def _places(session: Session, member_ids: Sequence[str], *, is_locked: bool) -> list[Row[Any]]:
    query = select(_TIER).where(_TIER.c.member_id.in_(member_ids)).order_by(_TIER.c.member_id)
    return list(session.execute(query.with_for_update() if is_locked else query))


def _with_sheets(
    session: Session, scale: Scale, rows: Sequence[Row[Any]], day: int
) -> dict[str, Kept]:
    kept = {row.member_id: Kept(place_of(row), Sheet(), row.changes) for row in rows}
    if kept:
        earliest = min(min(each.place.look, day) for each in kept.values()) - 1
        sheets = sheets_of(session, scale, list(kept), earliest)
        for member_id, sheet in sheets.items():
            kept[member_id].sheet = sheet
    return kept


def sheets_of(
    session: Session, scale: Scale, member_ids: Sequence[str], earliest: int
) -> dict[str, Sheet]:
    """What is counted of members, as far as days from `earliest` on look at it."""
    found: dict[str, Sheet] = {}
    what = [*NAMES[:2], *NAMES[3:], f"{NAMES[2]}:{scale.programme.currency}"]
    first = date.fromordinal(first_day(scale.rules, scale.days, earliest))
    counts = (
        select(StandingCount.member_id, StandingCount.day, StandingCount.what, StandingCount.amount)
        .where(
            StandingCount.member_id.in_(member_ids),
            StandingCount.day >= first,
            StandingCount.what.in_(what),
        )
        .order_by(StandingCount.member_id, StandingCount.day)
    )
    for member_id, day, name, amount in session.execute(counts):
        sheet = found.setdefault(member_id, Sheet())
        sheet.add(day.toordinal(), _WHAT[name.partition(":")[0]], amount)
    since = (
        select(StandingCount.member_id, func.min(StandingCount.day))
        .where(StandingCount.member_id.in_(member_ids), StandingCount.what == NAMES[0])
        .group_by(StandingCount.member_id)
    )
    for member_id, day in session.execute(since):
        found.setdefault(member_id, Sheet()).customer_since(day.toordinal())
    return found


def count(session: Session, deltas: Mapping[tuple[str, date, str], int]) -> None:
    """Move counters: (member, day, what) by so much, in one order that everybody keeps."""
    rows = [
        {"member_id": member_id, "day": day, "what": what, "amount": amount}
        for (member_id, day, what), amount in sorted(deltas.items())
        if amount
    ]
    if not rows:
        return
    table = table_of(StandingCount)
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    statement: Any = (postgresql.insert if is_postgresql else sqlite.insert)(table)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["member_id", "day", "what"],
            set_={"amount": table.c.amount + statement.excluded.amount},
        ),
        rows,
    )


def save(
    session: Session,
    kept: Mapping[str, Kept],
    cause: str,
    version: int,
    now: datetime,
    reasons: Mapping[str, Mapping[str, Any]],
) -> None:
    """Write places as they are now, and their changes with the reasons of each member."""
    if not kept:
        return
    changes = []
    for member_id, each in kept.items():
        for step in each.steps:
            each.changes += 1
            by = cause if step.is_heard or cause != "fact" else "evaluation"
            because = reasons.get(member_id, {}) if by == "fact" else {}
            changes.append(_change(member_id, each.changes, step, by, version, now, because))
    values = [
        {"who": member_id, **place_values(each.place), "changes": each.changes}
        for member_id, each in sorted(kept.items())
    ]
    session.execute(_SAVE, values)
    if changes:
        session.execute(insert(StandingChange), changes)


def _change(
    member_id: str,
    number: int,
    step: Step,
    cause: str,
    version: int,
    now: datetime,
    reasons: Mapping[str, Any],
) -> dict[str, Any]:
    return {
        "id": new_id(now),
        "member_id": member_id,
        "number": number,
        "turn": step.turn,
        "cause": cause,
        "at": step.at,
        "written_at": now,
        "version": version,
        "before": step.before,
        "after": step.after,
        "grace_until": _date(step.grace_until),
        "was": step.was._asdict(),
        "now": step.measured._asdict(),
        "reasons": dict(reasons),
    }


_SAVE = (
    update(_TIER)
    .where(_TIER.c.member_id == bindparam("who"))
    .values(
        {
            column.name: bindparam(column.name)
            for column in _TIER.columns
            if column.name != "member_id"
        }
    )
)


def place_values(place: Place) -> dict[str, Any]:
    """A place as the columns of its row."""
    return {
        "tier": place.tier,
        "since": place.since,
        "grace_until": _date(place.grace_until),
        "base": place.base,
        "base_grace": _date(place.base_grace),
        "at": place.at,
        "look_on": date.fromordinal(place.look),
        "standing": place.measured.total,
        "duration": place.measured.duration,
        "loyalty": place.measured.loyalty,
        "reliability": place.measured.reliability,
        "influence": place.measured.influence,
    }


def place_of(row: Any) -> Place:
    """A row as the place it keeps."""
    return Place(
        tier=row.tier,
        since=row.since,
        grace_until=_day(row.grace_until),
        base=row.base,
        base_grace=_day(row.base_grace),
        at=row.at,
        look=row.look_on.toordinal(),
        measured=Measured(row.standing, row.duration, row.loyalty, row.reliability, row.influence),
    )


def _date(day: int | None) -> date | None:
    return None if day is None else date.fromordinal(day)


def _day(then: date | None) -> int | None:
    return None if then is None else then.toordinal()
