"""The response promise: who waits too long, and the record of what was kept."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import notices
from community.models import Club, Topic
from foundation import versions
from foundation.doors import writing
from foundation.jobs import Job, Summary
from foundation.words import lazy, text_in

#: Broken promises noted in one transaction; the rest wait for the next round.
BATCH = 200


def note_broken(session: Session, now: datetime) -> int:
    """Put every promise that ran out on record, for good, and call the staff; how many."""
    late = session.execute(
        select(Topic, Club.slug, Club.name)
        .join(Club, Club.id == Topic.club_id)
        .where(
            Topic.response_due_at < now,
            Topic.responded_at.is_(None),
            Topic.breached_at.is_(None),
        )
        .order_by(Topic.response_due_at)
        .limit(BATCH)
        .with_for_update(of=Topic, skip_locked=True)
    ).all()
    for topic, slug, name in late:
        topic.breached_at = now
        notices.tell_of_broken_promise(session, topic, text_in(name, "en"), now)
        versions.touch(session, f"topic:{topic.id}", f"club:{slug}")
    return len(late)


def run(now: datetime) -> str:
    """The periodic job."""
    with writing() as session:
        return Summary("Promises found broken: %(count)s", count=note_broken(session, now))


JOB = Job("community.promises", timedelta(minutes=5), run, lazy("Watch over the promised answers"))
