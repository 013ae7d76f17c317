"""Files of orders that an owner sends up: kept in the data folder, imported by the worker.

A run that died is taken up again after `SILENCE`; importing twice does no harm. With several
machines the data folder must be one they share.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from foundation import clock
from foundation.doors import reading, writing
from foundation.jobs import Job, Summary, kept_words
from foundation.refusal import Refused
from foundation.settings import Settings
from foundation.words import lazy, use_language
from members.models import Member
from shop import import_runs, order_files
from shop.import_runs import Tally
from shop.models import OrderImport
from shop.order_files import OrderFile

#: A worker that said nothing for so long is taken for dead.
SILENCE = timedelta(minutes=2)


def folder(data: Path) -> Path:
    """Where files wait, made when it is missing."""
    place = data / "imports"
    place.mkdir(parents=True, exist_ok=True)
    return place


def look_at(path: Path, options: Mapping[str, Any]) -> OrderFile:
    """Understand a file with what its owner said; Refused with what to say instead."""
    try:
        zone = ZoneInfo(options.get("time_zone") or "UTC")
    except (LookupError, ValueError, OSError):
        raise Refused(
            "“%(name)s” is no time zone; one is Asia/Shanghai.",
            code="time_zone",
            field="time_zone",
            name=options["time_zone"],
        ) from None
    return order_files.look_at(
        path,
        currency=options["currency"].upper(),
        said=options.get("said") or {},
        date_format=options.get("date_format") or None,
        zone=zone,
    )


def take(
    session: Session,
    member_id: str,
    import_id: str,
    file_name: str,
    size: int,
    options: Mapping[str, Any],
    now: datetime,
) -> None:
    """Let the worker import the file kept as `import_id`."""
    session.add(
        OrderImport(
            id=import_id,
            member_id=member_id,
            file_name=file_name[:200],
            options=dict(options),
            state="waiting",
            size=size,
            problems={"rows": []},
            created_at=now,
            seen_at=now,
        )
    )


def run_waiting(now: datetime) -> str:
    """Import one waiting file, if there is one."""
    import_id = _claim(now)
    if import_id is None:
        return Summary("No file waits.")
    with reading() as session:
        upload = session.get_one(OrderImport, import_id)
        language = session.scalars(
            select(Member.language).where(Member.id == upload.member_id)
        ).one()
    place = folder(Settings().data)
    path = place / f"{import_id}.csv"
    with use_language(language):
        state, error = _run(upload, path, now)
    with writing() as session:
        values = {"state": state, "error": error, "ended_at": clock.now()}
        _say(session, import_id, values)
    path.unlink(missing_ok=True)
    if state == "failed":
        return Summary("The import of %(file)s stopped.", file=upload.file_name)
    return Summary("%(file)s is imported.", file=upload.file_name)


def _claim(now: datetime) -> str | None:
    died = and_(OrderImport.state == "running", OrderImport.seen_at < now - SILENCE)
    claimable = or_(OrderImport.state == "waiting", died)
    with reading() as session:
        oldest = session.scalar(
            select(OrderImport.id).where(claimable).order_by(OrderImport.id).limit(1)
        )
    if oldest is None:
        return None
    with writing() as session:
        return session.scalar(
            update(OrderImport)
            .where(OrderImport.id == oldest, claimable)
            .values(state="running", seen_at=now)
            .returning(OrderImport.id)
            .execution_options(synchronize_session=False)
        )


def _run(upload: OrderImport, path: Path, now: datetime) -> tuple[str, str | None]:
    def watch(tally: Tally) -> None:
        values = {
            "at": tally.at,
            "new": tally.new,
            "known": tally.known,
            "rejected": tally.rejected,
            "problems": {"rows": [problem.kept() for problem in tally.problems]},
            "seen_at": clock.now(),
        }
        with writing() as session:
            _say(session, upload.id, values)

    try:
        source = look_at(path, upload.options)
        import_runs.run(source, now, rejects=path.with_suffix(".rejects.csv"), watch=watch)
    except Refused as refusal:
        return "failed", kept_words(refusal.sentence, refusal.params)
    except OSError as problem:
        return "failed", str(problem)
    return "done", None


def _say(session: Session, import_id: str, values: Mapping[str, Any]) -> None:
    session.execute(
        update(OrderImport)
        .where(OrderImport.id == import_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


JOB = Job("shop.imports", timedelta(seconds=2), run_waiting, lazy("Import files of orders"))
