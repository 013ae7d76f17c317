"""The public record of moderation: each act is a line for people and a leaf for the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from community.models import ModerationEntry
from community.rules import Person
from foundation import versions
from foundation.tables import new_id
from transparency import log
from transparency.canonical import moment_text

#: What can stand in the record. They begin the events of the transparency log's leaves, too.
EVENTS = (
    "post.folded",
    "post.restored",
    "appeal.decided",
    "topic.locked",
    "topic.unlocked",
    "report.kept",
)


def put_on_record(
    session: Session,
    event: str,
    target: str,
    by: Person,
    sentence: str,
    now: datetime,
    reason: str | None = None,
) -> ModerationEntry:
    """Write the public line and its leaf: `event` was done by `by` to `target` (`post:<id>`)."""
    values = {
        "event": event,
        "target": target,
        "by_name": by.name,
        "reason": reason,
        "sentence": sentence,
        "at": now,
    }
    entry_id = new_id(now)
    leaf = log.append(
        session, event=event, subject=f"moderation:{entry_id}", content=_content(values), now=now
    )
    entry = ModerationEntry(id=entry_id, by_id=by.id, leaf=leaf.index, **values)
    session.add(entry)
    session.flush()
    versions.touch(session, "moderation")
    return entry


def served(session: Session, subjects: Sequence[str]) -> dict[str, Mapping[str, Any] | None]:
    """What the public moderation log shows for each of `subjects` (`moderation:<id>`).

    The witness that `bellmouth log verify` asks: a line that was changed or lost shows there.
    """
    ids = [subject.removeprefix("moderation:") for subject in subjects]
    rows = session.execute(
        select(
            ModerationEntry.id,
            ModerationEntry.event,
            ModerationEntry.target,
            ModerationEntry.by_name,
            ModerationEntry.reason,
            ModerationEntry.sentence,
            ModerationEntry.at,
        ).where(ModerationEntry.id.in_(ids))
    ).mappings()
    shown = {f"moderation:{row['id']}": _content(dict(row)) for row in rows}
    return {subject: shown.get(subject) for subject in subjects}


def _content(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "event": values["event"],
        "target": values["target"],
        "by": values["by_name"],
        "reason": values["reason"],
        "sentence": values["sentence"],
        "at": moment_text(values["at"]),
    }
