"""What a set leaves behind and nobody needs: addresses, for the most part.

Sets that were looked at and never given go after a week, with their files. The rejected rows of a
set that was given can be mended and sent up for a month; then they go too, as a file and in words.
So does, a month after giving stopped, the file of a set that nobody goes on with.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, select

from foundation.doors import reading, writing
from foundation.jobs import Job, Summary
from foundation.settings import Settings
from foundation.words import lazy
from rewards.awarding import runs
from rewards.awarding.models import AwardSet

#: How long a set waits for its owner's word.
KEPT = timedelta(days=7)
#: How long rejected rows are kept once a set was given (or taken back), and files that stopped.
REJECTS_KEPT = timedelta(days=30)


#: States in which nothing more happens by itself.
OVER = ("done", "taken_back", "failed")


def forget(now: datetime) -> str:
    """Throw away what was looked at KEPT ago, and what was rejected REJECTS_KEPT ago."""
    with reading() as session:
        old = session.scalars(select(AwardSet.id).where(*_waits_since(now))).all()
        given = session.scalars(select(AwardSet.id).where(*_given_since(now))).all()
    gone = sum(_forget(set_id, now) for set_id in old)
    rejects = sum(_forget_rejects(set_id, now) for set_id in given)
    return Summary(
        "Sets of points that nobody gave: %(count)s thrown away, and the rejected rows of"
        " %(rejects)s that were given or stopped",
        count=gone,
        rejects=rejects,
    )


def remove_files(place: Path, set_id: str) -> None:
    """The file of a set and the one of its rejects."""
    for path in (place / f"{set_id}.csv", rejects_of(place, set_id)):
        path.unlink(missing_ok=True)


def rejects_of(place: Path, set_id: str) -> Path:
    """Where the rejected rows of a set are."""
    return place / f"{set_id}.rejects.csv"


def rejects_go_at(found: AwardSet) -> datetime | None:
    """When the rejected rows of a set that was given go, or the file of one that stopped; None
    while they are still needed."""
    if found.state not in OVER or found.ended_at is None:
        return None
    return found.ended_at + REJECTS_KEPT


def _waits_since(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (AwardSet.state == "checked", AwardSet.at <= now - KEPT)


def _given_since(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Sets from the page; the command line writes rejects beside its own file, not into ours."""
    return (
        AwardSet.state.in_(OVER),
        AwardSet.ended_at <= now - REJECTS_KEPT,
        AwardSet.by_id.is_not(None),
        AwardSet.rejects_gone_at.is_(None),
    )


def _forget_rejects(set_id: str, now: datetime) -> bool:
    """True when there were any. The files first, as below."""
    with writing() as session:
        which = select(AwardSet).where(AwardSet.id == set_id, *_given_since(now))
        found = session.scalars(which.with_for_update()).one_or_none()
        if found is None:
            return False
        had_any = found.state == "failed" or bool(found.checked.get("problems"))
        remove_files(runs.folder(Settings().data), set_id)
        found.checked = {**found.checked, "problems": []}
        found.rejects_gone_at = now
    return had_any


def _forget(set_id: str, now: datetime) -> bool:
    """Files first: broken off in between, the row is still there to be found."""
    with writing() as session:
        which = select(AwardSet).where(AwardSet.id == set_id, *_waits_since(now))
        found = session.scalars(which.with_for_update()).one_or_none()
        if found is None:  # her owner came back
            return False
        remove_files(runs.folder(Settings().data), set_id)
        session.delete(found)
    return True


JOB = Job(
    "rewards.forget_awards",
    timedelta(hours=6),
    forget,
    lazy("Throw away sets of points that nobody gave, and old rejected rows"),
)
