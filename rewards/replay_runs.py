"""Replays that owners asked for: run at once when small, by the worker when not.

A run holds no write transaction: it reads as a stream, and writes down how far it is in moments of
its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from foundation import clock
from foundation.doors import reading, writing
from foundation.jobs import Summary
from foundation.refusal import Refused
from foundation.tables import new_id
from rewards import programme, replaying
from rewards.models import ReplayRun
from rewards.rules import Programme, read

log = structlog.get_logger("replays")

#: Facts that a page may wait for: about a second.
AT_ONCE = 20_000
#: The longest period that can be asked for.
LONGEST = timedelta(days=3_660)
#: A run claimed longer ago than this died with its worker, and is run again.
GIVEN_UP = timedelta(minutes=15)


def ask(
    session: Session,
    owner_id: str,
    rules: Programme,
    start: datetime,
    end: datetime,
    now: datetime,
) -> ReplayRun:
    """Write down that somebody wants `rules` replayed from `start` until before `end`."""
    if start > now:
        raise Refused(
            "Nothing has happened in that period yet. Choose days that have passed.",
            code="period",
            field="since",
        )
    if end <= start:
        raise Refused(
            "The period ends before it begins. Choose a later end.", code="period", field="until"
        )
    if end - start > LONGEST:
        raise Refused("Choose a period of at most ten years.", code="period", field="since")
    kinds = replaying.kinds_of(rules)
    run = ReplayRun(
        id=new_id(now),
        rules=rules.model_dump(mode="json"),
        starts_at=start,
        ends_at=end,
        asked_by=owner_id,
        asked_at=now,
        claimed_at=None,
        finished_at=None,
        done=0,
        total=replaying.count(session, kinds, start, end),
        outcome=None,
        error=None,
    )
    session.add(run)
    session.flush()
    return run


def run_waiting(now: datetime) -> str:
    """Run every replay that waits; a sentence of what was done."""
    with reading() as session:
        waiting = session.scalars(
            select(ReplayRun.id).where(ReplayRun.finished_at.is_(None)).order_by(ReplayRun.id)
        ).all()
    return Summary("Replays run: %(count)s", count=sum(run(run_id, now) for run_id in waiting))


def run(run_id: str, now: datetime) -> bool:
    """Run one replay, unless somebody else does already."""
    claimed = _claim(run_id, now)
    if claimed is None:
        return False
    outcome, error = None, None
    try:
        with reading() as session:
            outcome = replaying.replay(
                session,
                read(claimed.rules),
                claimed.starts_at,
                claimed.ends_at,
                in_force=programme.current(session),
                progress=lambda done, total: _report(run_id, done, total),
            ).document()
    except Exception as problem:
        log.exception("the replay failed", run=run_id)
        error = f"{type(problem).__name__}: {problem}"[:500]
    with writing() as session:
        session.execute(
            update(ReplayRun)
            .where(ReplayRun.id == run_id)
            .values(outcome=outcome, error=error, finished_at=clock.now())
        )
    return True


def _claim(run_id: str, now: datetime) -> ReplayRun | None:
    with writing() as session:
        return session.scalar(
            update(ReplayRun)
            .where(
                ReplayRun.id == run_id,
                ReplayRun.finished_at.is_(None),
                ReplayRun.claimed_at.is_(None) | (ReplayRun.claimed_at < now - GIVEN_UP),
            )
            .values(claimed_at=now)
            .returning(ReplayRun)
        )


def _report(run_id: str, done: int, total: int) -> None:
    with writing() as session:
        session.execute(
            update(ReplayRun).where(ReplayRun.id == run_id).values(done=done, total=total)
        )
