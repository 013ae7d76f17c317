"""Processing kept webhooks, each in its own transaction: at once, again later, or when asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, update

from foundation.doors import reading, writing
from foundation.jobs import Job, Summary
from foundation.refusal import Refused
from foundation.words import lazy
from shop import webhooks
from shop.models import InboundEvent
from shop.webhook_bodies import AnyEvent

log = structlog.get_logger("webhooks")


def receive(webhook_id: str, event: AnyEvent, body: str, now: datetime) -> str:
    """Keep an event, process it; `done`, `known` or `waiting`. Raises Refused when a rule says no.

    Whatever happens after the first commit, the event is not lost.
    """
    with writing() as session:
        event_id = webhooks.keep(session, webhook_id, event, body, now)
    problem = attempt(event_id, now)
    if isinstance(problem, Refused) and problem.code not in webhooks.WAITING:
        raise problem
    if problem is not None:
        return "waiting"
    with reading() as session:
        earlier = webhooks.waiting_for(session, event.data.order)
        first = session.get_one(InboundEvent, event_id)
    for each in earlier:
        attempt(each, now)
    return "done" if first.processed_at == now else "known"


def attempt(event_id: str, now: datetime) -> Exception | None:
    """Process one event; what stopped it, written down, or None."""
    try:
        with writing() as session:
            webhooks.process(session, event_id, now)
    except Exception as problem:
        log.warning("webhook not processed", id=event_id, error=repr(problem))
        with writing() as session:
            webhooks.fail(session, event_id, problem, now)
        return problem
    return None


def retry_due(now: datetime) -> str:
    """Try again what is due."""
    with reading() as session:
        due = webhooks.due(session, now)
    failed = sum(attempt(event_id, now) is not None for event_id in due)
    return Summary("Processed: %(done)s; failed: %(failed)s", done=len(due) - failed, failed=failed)


def replay(now: datetime, event_id: str | None = None) -> tuple[int, int]:
    """Try one event, or all that stand unprocessed, whatever they waited for: (done, failed)."""
    with writing() as session:
        chosen: Sequence[str] = session.scalars(
            update(InboundEvent)
            .where(
                InboundEvent.processed_at.is_(None),
                *([InboundEvent.id == event_id] if event_id else []),
            )
            .values(attempts=0, due_at=now)
            .returning(InboundEvent.id)
            .execution_options(synchronize_session=False)
        ).all()
    failed = sum(attempt(each, now) is not None for each in sorted(chosen))
    return len(chosen) - failed, failed


def unprocessed(limit: int = 100) -> Sequence[InboundEvent]:
    """Events that stand unprocessed, newest first."""
    with reading() as session:
        return session.scalars(
            select(InboundEvent)
            .where(InboundEvent.processed_at.is_(None))
            .order_by(InboundEvent.id.desc())
            .limit(limit)
        ).all()


JOB = Job(
    "shop.webhooks", timedelta(seconds=15), retry_due, lazy("Try the shop’s waiting messages again")
)
