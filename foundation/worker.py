"""The worker: delivers the outbox and runs periodic jobs. Any number of them may run at once."""

from __future__ import annotations

import os
import signal
import socket
import threading
import uuid
from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy.exc import OperationalError

from foundation import clock, jobs, outbox
from foundation.doors import reading, writing
from foundation.jobs import Job

log = structlog.get_logger("worker")

#: Seconds between looks at an empty outbox: a thank-you is in the mail within about a second.
PAUSE = 0.7

_jobs: Sequence[Job] = ()


def run_jobs(table: Sequence[Job]) -> None:
    """Take the table of periodic jobs (app.py holds it)."""
    global _jobs
    _jobs = table


def jobs_table() -> Sequence[Job]:
    """The table of periodic jobs in use."""
    return _jobs


def run_once(now: datetime) -> dict[str, int]:
    """Run the jobs due at `now`, then deliver all that is due; counts of what was done."""
    name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:6]}"
    done = {"jobs": sum(_run(job, now) for job in _jobs), "delivered": 0, "failed": 0}
    while outcomes := _deliver_some(name, now):
        for outcome in outcomes:
            done[outcome] = done.get(outcome, 0) + 1
    return done


def run_forever() -> None:
    """Work until SIGTERM or SIGINT, finishing the message in hand."""
    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    while not stop.is_set():
        try:
            run_once(clock.now())
        except OperationalError as problem:
            log.error(
                "the database does not do it; the next round tries again", said=_line(problem)
            )
        except Exception:
            log.exception("the round failed; the next one tries again")
        stop.wait(PAUSE)


def _line(problem: OperationalError) -> str:
    """What the database said, in one line: a round a second would fill the disk with tracebacks."""
    return " ".join(str(problem.orig).split())


def _deliver_some(name: str, now: datetime) -> list[str]:
    with reading() as session:
        waiting = outbox.due(session, now)
    return [outcome for each in waiting if (outcome := _deliver(each, name, now))]


def _deliver(message_id: str, name: str, now: datetime) -> str | None:
    """`delivered`, `failed` or `postponed`; None when another worker has the message."""
    with writing() as session:
        message = outbox.claim(session, message_id, name, now)
    if message is None:
        return None
    error = None
    try:
        outbox.carry(message, now)
    except outbox.NotNow as reason:
        with writing() as session:
            outbox.postpone(session, message, now, str(reason))
        return "postponed"
    except Exception as problem:
        error = f"{type(problem).__name__}: {problem}"[:500]
        log.warning("delivery failed", channel=message.channel, id=message.id, error=error)
    with writing() as session:
        outbox.settle(session, message, now, error)
    return "failed" if error else "delivered"


def _run(job: Job, now: datetime) -> int:
    with reading() as session:
        if not jobs.is_due(session, job, now):
            return 0
    with writing() as session:
        if not jobs.claim(session, job, now):
            return 0
    summary, error = None, None
    try:
        summary = job.run(now)
    except Exception as problem:
        error = f"{type(problem).__name__}: {problem}"[:500]
        log.exception("job failed", job=job.name)
    with writing() as session:
        jobs.settle(session, job, summary, error)
    return 1
