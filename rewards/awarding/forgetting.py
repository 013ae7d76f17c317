"""Sets that were looked at and never given: gone after a week, with their files.

A file holds addresses, and nobody needs those of gifts that were not made.
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


def forget(now: datetime) -> str:
    """Throw away what was looked at KEPT ago."""
    with reading() as session:
        old = session.scalars(select(AwardSet.id).where(*_waits_since(now))).all()
    gone = sum(_forget(set_id, now) for set_id in old)
    return Summary("Sets of points that nobody gave: %(count)s thrown away", count=gone)


def remove_files(place: Path, set_id: str) -> None:
    """The file of a set and the one of its rejects."""
    for ending in (".csv", ".rejects.csv"):
        (place / f"{set_id}{ending}").unlink(missing_ok=True)


def _waits_since(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (AwardSet.state == "checked", AwardSet.at <= now - KEPT)


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
    lazy("Throw away sets of points that nobody gave"),
)
