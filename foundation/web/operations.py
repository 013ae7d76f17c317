"""The operations page: what waits to leave, what was given up on, what runs by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect
from sqlalchemy import select

from foundation import clock, outbox, worker
from foundation.doors import reading, writing
from foundation.jobs import JobRun, in_words
from foundation.web.pages import render
from foundation.words import _, plural

Guard = Callable[[Callable[..., Any]], Callable[..., Any]]


def pages(guard: Guard) -> Blueprint:
    """The pages, guarded by the members room's rule (this room does not know members)."""
    bp = Blueprint("operations", __name__)

    @bp.get("/operations")
    @guard
    def overview() -> Any:
        with reading() as session:
            return render(
                "operations/overview.html",
                counts=outbox.counts(session, clock.now()),
                letters=outbox.dead_letters(session),
                jobs=session.scalars(select(JobRun).order_by(JobRun.name)).all(),
                titles={job.name: job.title or job.name for job in worker.jobs_table()},
                in_words=in_words,
            )

    @bp.post("/operations/replay")
    @bp.post("/operations/replay/<message_id>")
    @guard
    def replay(message_id: str | None = None) -> Any:
        with writing() as session:
            count = outbox.replay(session, clock.now(), message_id)
        flash(
            plural(
                "%(num)s message will be tried again.",
                "%(num)s messages will be tried again.",
                count,
            )
            if count
            else _("Nothing to try again: the message was delivered or replayed meanwhile."),
            "good" if count else "info",
        )
        return redirect("/operations", 303)

    return bp
