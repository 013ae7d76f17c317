"""Files that an owner sent up: small ones are given at once, large ones by the worker.

Files wait in the data folder; with several machines it must be one they share. A run that died is
taken up again after `starting.SILENCE`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from foundation import clock
from foundation.doors import reading, writing
from foundation.jobs import Job, Summary, kept_words
from foundation.refusal import Refused
from foundation.settings import Settings
from foundation.words import lazy, use_language
from members.models import Member
from rewards.awarding import award_files, giving, taking_back
from rewards.awarding.models import AwardSet
from rewards.awarding.starting import SILENCE

log = structlog.get_logger("awards")

#: Rows that a page may wait for: about a second.
AT_ONCE = 1_000
#: What becomes of a set when somebody takes it up.
NEXT = {
    "waiting": "running",
    "running": "running",
    "asked_back": "taking_back",
    "taking_back": "taking_back",
}


def folder(data: Path) -> Path:
    """Where files wait, made when it is missing."""
    place = data / "awards"
    place.mkdir(parents=True, exist_ok=True)
    return place


def confirm(session: Session, set_id: str, now: datetime) -> AwardSet:
    """Let a set be given that was looked at; harmless when it was confirmed before. Refused once
    its file was thrown away."""
    found = session.get_one(AwardSet, set_id, with_for_update=True, populate_existing=True)
    if found.state == "failed" and found.rejects_gone_at is not None:
        raise Refused(
            "Its file is no longer here. Send the same file up under the same name to go on.",
            code="gone",
            status=410,
        )
    if found.state in ("checked", "failed"):
        found.state, found.error, found.seen_at = "waiting", None, now
    return found


def discard(session: Session, set_id: str) -> None:
    """Throw away what was only looked at."""
    found = session.get_one(AwardSet, set_id, with_for_update=True, populate_existing=True)
    if found.state != "checked":
        raise Refused("This set has been given. You can take it back.", code="given", status=409)
    session.delete(found)


def run_waiting(now: datetime) -> str:
    """Run one set that waits, if there is one."""
    with reading() as session:
        waiting = session.scalar(
            select(AwardSet.id).where(_claimable(now)).order_by(AwardSet.id).limit(1)
        )
    if waiting is None or not run(waiting, now, folder(Settings().data)):
        return Summary("No file waits.")
    return Summary("One set of awards is done.")


def run(set_id: str, now: datetime, place: Path) -> bool:
    """Give a set out of `place`, or take it back, unless somebody does; whether it was done."""
    claimed = _claim(set_id, now)
    if claimed is None:
        return False
    try:
        with use_language(_language(claimed)):
            if claimed.state == "taking_back":
                taking_back.take_back(set_id, now)
            else:
                _give(claimed, place, now)
    except Refused as refusal:
        _fail(set_id, kept_words(refusal.sentence, refusal.params))
        return False
    except OSError as problem:
        _fail(set_id, str(problem))
        return False
    except Exception as problem:
        log.exception("a set of awards stopped", set=set_id)
        _fail(set_id, f"{type(problem).__name__}: {problem}"[:500])
        return False
    return True


def _give(claimed: AwardSet, place: Path, now: datetime) -> None:
    path = place / f"{claimed.id}.csv"
    source = award_files.look_at(path)
    giving.give(claimed.id, source, now, rejects=path.with_suffix(".rejects.csv"))
    path.unlink(missing_ok=True)


def _claimable(now: datetime) -> ColumnElement[bool]:
    """Waits, or its runner died; what the command line gives is the command line's."""
    died = AwardSet.seen_at < now - SILENCE
    return or_(
        AwardSet.state.in_(("waiting", "asked_back")),
        and_(AwardSet.state == "running", AwardSet.by_id.is_not(None), died),
        and_(AwardSet.state == "taking_back", died),
    )


def _claim(set_id: str, now: datetime) -> AwardSet | None:
    with writing() as session:
        found = session.scalars(
            select(AwardSet).where(AwardSet.id == set_id, _claimable(now)).with_for_update()
        ).one_or_none()
        if found is not None:
            found.state, found.seen_at = NEXT[found.state], max(now, clock.now())
        return found


def _language(claimed: AwardSet) -> str:
    with reading() as session:
        owner = session.get(Member, claimed.taken_by_id or claimed.by_id or "")
    return owner.language if owner else "en"


def _fail(set_id: str, error: str) -> None:
    """What was being given can be confirmed again; taking back is tried again after a while."""
    with writing() as session:
        found = session.get_one(AwardSet, set_id, with_for_update=True, populate_existing=True)
        found.error, found.seen_at = error, clock.now()
        if found.state == "running":
            found.state, found.ended_at = "failed", clock.now()


JOB = Job("rewards.awards", timedelta(seconds=2), run_waiting, lazy("Give sets of points"))
