"""Periodic jobs: each has one row; whoever moves its `next_at` by compare-and-swap runs it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from foundation import words
from foundation.once import insert_once
from foundation.tables import Base, Moment


class Summary(str):
    """What a run did: an English sentence that can be said again in the reader's language.

    `sentence` is a message id, `params` numbers and names that fill its placeholders.
    """

    sentence: str
    params: dict[str, int | str]

    def __new__(cls, sentence: str, **params: int | str) -> Summary:
        summary = super().__new__(cls, sentence % params if params else sentence)
        summary.sentence, summary.params = sentence, params
        return summary


@dataclass(frozen=True)
class Job:
    """Something to do every so often. `run(now)` opens its own doors and says what it did.

    `name` stands for its row and stays; `title` names it to people.
    """

    name: str
    every: timedelta
    run: Callable[[datetime], str]
    title: Any = None


class JobRun(Base):
    """When a job is due next and how its last run went."""

    __tablename__ = "periodic_job"

    name: Mapped[str] = mapped_column(primary_key=True)
    next_at: Mapped[Moment]
    last_at: Mapped[Moment | None]
    summary: Mapped[str | None]  # of a Summary: [sentence, params] as JSON
    error: Mapped[str | None]


def claim(session: Session, job: Job, now: datetime) -> bool:
    """True for the one worker that may run `job` now."""
    start = datetime.fromtimestamp(0, tz=now.tzinfo)
    insert_once(session, JobRun, {"name": job.name, "next_at": start})
    claimed = session.execute(
        update(JobRun)
        .where(JobRun.name == job.name, JobRun.next_at <= now)
        .values(next_at=now + job.every, last_at=now)
        .returning(JobRun.name)
    ).first()
    return claimed is not None


def is_due(session: Session, job: Job, now: datetime) -> bool:
    """Whether it is worth opening the writing door for `job`."""
    next_at = session.scalar(select(JobRun.next_at).where(JobRun.name == job.name))
    return next_at is None or next_at <= now


def settle(session: Session, job: Job, summary: str | None, error: str | None) -> None:
    """Keep what the run said, for the operations page."""
    kept = kept_words(summary.sentence, summary.params) if isinstance(summary, Summary) else summary
    session.execute(update(JobRun).where(JobRun.name == job.name).values(summary=kept, error=error))


def kept_words(sentence: str, params: Mapping[str, object]) -> str:
    """An English sentence and what fills it, as text that `in_words` says in any language."""
    plain = {
        name: value if isinstance(value, int) else str(value) for name, value in params.items()
    }
    return json.dumps([sentence, plain], ensure_ascii=False)


def in_words(kept: str | None) -> str:
    """What `kept_words` made, in the reader's language; any other text as it is."""
    if not kept or not kept.startswith('["'):  # not the "[Errno 13] …" of a machine
        return kept or ""
    sentence, params = json.loads(kept)
    return words._(
        sentence,
        **{
            name: words.number(value) if isinstance(value, int) else value
            for name, value in params.items()
        },
    )
