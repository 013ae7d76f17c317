"""The stage machine: hears facts in batches and moves members on.

It asks where the members of a batch stand (one statement per 500), reads the history of those
alone whom this kind of fact could move, and writes everybody's steps together: an import of a
hundred thousand orders goes through it.

A member entered a stage when the fact happened that completed it, however late we are told.
`stage.entered` is recorded for what happened within the last day only: thanking somebody today for
a purchase of three years ago, out of an import, would be no thanks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from foundation import counters, facts
from foundation.doors import writing
from foundation.facts import Fact, FactDraft
from foundation.jobs import Summary
from foundation.once import insert_many_once
from foundation.tables import new_id
from funnel import rules
from funnel.models import MemberStage, StageCount, StageEntry
from funnel.rules import Entered
from members.models import Member

#: What happened longer ago is history: it moves members, and nobody is told.
FRESH = timedelta(days=1)
CHUNK = 500
#: How far `look_again` goes back, every half of it, and how much it takes on at once.
LOOK_BACK = timedelta(hours=2)
MOST_LOOKED_AT = 5_000

#: Roles of those who are not customers: they run the place anyway.
COMPANY = ("staff", "owner")

Standing = dict[str, str | None]
Moves = dict[str, list[Entered]]


def hear(session: Session, heard: Sequence[Fact], now: datetime) -> None:
    """Move the members of these facts on, as far as the rules say."""
    if not heard:
        return
    ceiling = max(rules.HIGHEST.get(fact.kind, -1) for fact in heard)
    member_ids = sorted({fact.member_id for fact in heard if fact.member_id})
    for chunk in _chunks(member_ids):
        standing = _standing(session, chunk)
        candidates = [each for each in standing if rules.place_of(standing[each]) < ceiling]
        moves = _moves(standing, _history(session, candidates))
        if moves:
            _write(session, standing, moves, now)


def look_again(now: datetime) -> str:
    """Hear the last hours' facts once more; a sentence of what was done.

    Two transactions that each record half of what a stage needs, at the same moment on
    PostgreSQL, do not see each other: this finds what both missed. Whoever stands right is skipped.
    """
    with writing() as session:
        recent = session.scalars(
            select(Fact)
            .where(Fact.at >= now - LOOK_BACK, Fact.at <= now, Fact.kind.in_(sorted(rules.KINDS)))
            .order_by(Fact.at.desc())
            .limit(MOST_LOOKED_AT)
        ).all()
        hear(session, recent, now)
    return Summary("Facts looked at again: %(count)s", count=len(recent))


def _chunks(member_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(member_ids), CHUNK):
        yield member_ids[start : start + CHUNK]


def _standing(session: Session, member_ids: Sequence[str]) -> Standing:
    """Where these customers stand, None for nowhere yet; the company's own people are left out."""
    rows = session.execute(
        select(Member.id, MemberStage.stage)
        .outerjoin(MemberStage, MemberStage.member_id == Member.id)
        .where(Member.id.in_(member_ids), Member.role.not_in(COMPANY))
    )
    return {row[0]: row[1] for row in rows}


def _history(session: Session, member_ids: Sequence[str]) -> dict[str, list[Any]]:
    """The facts that count of each member, in order of time."""
    if not member_ids:
        return {}
    rows = session.execute(
        select(Fact.member_id, Fact.id, Fact.kind, Fact.subject, Fact.at, Fact.details)
        .where(Fact.member_id.in_(member_ids), Fact.kind.in_(sorted(rules.KINDS)))
        .order_by(Fact.at, Fact.id)
    )
    history: dict[str, list[Any]] = {}
    for row in rows:
        history.setdefault(row.member_id, []).append(row)
    return history


def _moves(standing: Standing, history: Mapping[str, list[Any]]) -> Moves:
    moves = {
        member_id: rules.entered(standing.get(member_id), happened)
        for member_id, happened in history.items()
    }
    return {member_id: steps for member_id, steps in moves.items() if steps}


def _write(session: Session, standing: Standing, moves: Moves, now: datetime) -> None:
    """Write the moves that are still to be made; somebody quicker may have made some."""
    moved = _settle(session, standing, moves)
    steps = {member_id: moves[member_id] for member_id in moved}
    rows = [
        {
            "member_id": member_id,
            "stage": step.stage,
            "fact_id": fact.id,
            "kind": fact.kind,
            "subject": fact.subject,
            "at": fact.at,
        }
        for member_id, entered in steps.items()
        for step in entered
        for fact in step.facts
    ]
    if not rows:
        return
    session.execute(insert(StageEntry), rows)
    _count(session, standing, steps)
    facts.record_many(session, list(_drafts(standing, steps, now)), now)


def _settle(session: Session, standing: Standing, moves: Moves) -> list[str]:
    """Put each member into her new stage; those this transaction moved.

    Newcomers are inserted once, others moved only from the stage they were seen in: of two
    transactions that move one member alike, the second finds nothing to do.
    """
    rows = {member_id: _place(member_id, entered[-1]) for member_id, entered in moves.items()}
    new = [row for member_id, row in rows.items() if standing[member_id] is None]
    insert_many_once(session, MemberStage, new)
    written = _entries(session, [row["member_id"] for row in new])
    moved = [row["member_id"] for row in new if written[row["member_id"]] == row["entry_id"]]
    for member_id, row in rows.items():
        before = standing[member_id]
        if before is not None and _move(session, row, before):
            moved.append(member_id)
    return moved


def _place(member_id: str, entered: Entered) -> dict[str, Any]:
    since = entered.facts[-1].at
    return {
        "member_id": member_id,
        "stage": entered.stage,
        "since": since,
        "entry_id": new_id(since),
    }


def _entries(session: Session, member_ids: Sequence[str]) -> dict[str, str]:
    if not member_ids:
        return {}
    rows = session.execute(
        select(MemberStage.member_id, MemberStage.entry_id).where(
            MemberStage.member_id.in_(member_ids)
        )
    )
    return {row[0]: row[1] for row in rows}


_MOVE = (
    update(MemberStage)
    .where(MemberStage.member_id == bindparam("who"), MemberStage.stage == bindparam("before"))
    .values(stage=bindparam("to"), since=bindparam("at"), entry_id=bindparam("entry"))
    .returning(MemberStage.member_id)
    .execution_options(synchronize_session=False)
)


def _move(session: Session, row: Mapping[str, Any], before: str) -> bool:
    values = {
        "who": row["member_id"],
        "before": before,
        "to": row["stage"],
        "at": row["since"],
        "entry": row["entry_id"],
    }
    return session.execute(_MOVE, values).first() is not None


def _count(session: Session, standing: Standing, steps: Moves) -> None:
    delta: Counter[str] = Counter()
    for member_id, entered in steps.items():
        delta[entered[-1].stage] += 1
        if (before := standing[member_id]) is not None:
            delta[before] -= 1
    for stage in rules.KEYS:  # one order for everybody
        if delta[stage]:
            counters.move(session, StageCount, {"stage": stage}, "members", delta[stage])


def _drafts(standing: Standing, steps: Moves, now: datetime) -> Iterator[FactDraft]:
    for member_id, entered in steps.items():
        before = standing[member_id]
        for step in entered:
            at = step.facts[-1].at
            if now - at <= FRESH:
                subject = f"stage:{member_id}:{step.stage}"
                details = {"stage": step.stage, "before": before}
                yield FactDraft("stage.entered", member_id, subject, at, details)
            before = step.stage
