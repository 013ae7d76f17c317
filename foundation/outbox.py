"""The outbox: whatever leaves the building is a row first, written with what it tells about.

A message waits, is claimed by compare-and-swap (so several workers never deliver one twice at the
same time, on either back end), is delivered, or is tried again with growing pauses; after
`MAX_ATTEMPTS` it is a dead letter that an operator sees and may replay. Delivery is at least once:
a worker that dies between sending and settling sends again when its lease ends.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, and_, func, insert, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from foundation.once import insert_once
from foundation.tables import Base, Id, Json, Moment, new_id, new_ids

#: Eight tries over about a day and a half, then somebody has to look.
MAX_ATTEMPTS = 8
FIRST_PAUSE = timedelta(seconds=15)
#: How long a channel waits that cannot work at all (no mail server is set).
WAIT = timedelta(minutes=2)
#: How long a claim protects a message from other workers.
LEASE = timedelta(minutes=5)


class Message(Base):
    """One thing to deliver. `key` makes it unique where the sender wants that."""

    __tablename__ = "outbox_message"
    __table_args__ = (Index("ix_outbox_message_state_due_at", "state", "due_at"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    channel: Mapped[str]
    key: Mapped[str | None] = mapped_column(unique=True)
    payload: Mapped[Json]
    state: Mapped[str] = mapped_column(default="waiting")  # waiting, delivered, dead, forgone
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[Moment]
    due_at: Mapped[Moment]
    claimed_by: Mapped[str | None]
    claimed_until: Mapped[Moment | None]
    delivered_at: Mapped[Moment | None]
    last_error: Mapped[str | None]


class NotNow(Exception):
    """A channel cannot carry anything at present, and no message is to blame for it.

    The whole channel waits `WAIT` and the try is not counted.
    """


Deliver = Callable[[Message, datetime], None]

_channels: Mapping[str, Deliver] = {}


def deliver_with(channels: Mapping[str, Deliver]) -> None:
    """Take the table of channels (app.py holds it): who carries which messages."""
    global _channels
    _channels = channels


def channels() -> Mapping[str, Deliver]:
    """The table of channels in use."""
    return _channels


def put(
    session: Session,
    channel: str,
    payload: Mapping[str, Any],
    now: datetime,
    *,
    key: str | None = None,
    due_at: datetime | None = None,
) -> bool:
    """Promise a delivery in this transaction; False when a message with `key` exists already."""
    values = {
        "id": new_id(now),
        "channel": channel,
        "key": key,
        "payload": dict(payload),
        "state": "waiting",
        "attempts": 0,
        "created_at": now,
        "due_at": due_at or now,
    }
    return insert_once(session, Message, values)


def put_many(
    session: Session, channel: str, payloads: Sequence[Mapping[str, Any]], now: datetime
) -> None:
    """Promise many deliveries in one statement."""
    if payloads:
        common = {"channel": channel, "state": "waiting", "attempts": 0}
        moments = {"created_at": now, "due_at": now}
        ids = new_ids(now, len(payloads))
        rows = [
            {"id": id, "payload": dict(p), **common, **moments}
            for id, p in zip(ids, payloads, strict=True)
        ]
        session.execute(insert(Message), rows)


def due(session: Session, now: datetime, limit: int = 50) -> Sequence[str]:
    """Identifiers of messages that wait and are not claimed, oldest first."""
    free = or_(Message.claimed_until.is_(None), Message.claimed_until < now)
    return session.scalars(
        select(Message.id)
        .where(Message.state == "waiting", Message.due_at <= now, free)
        .order_by(Message.due_at, Message.id)
        .limit(limit)
    ).all()


def claim(session: Session, message_id: str, worker: str, now: datetime) -> Message | None:
    """Take one message for this worker; None when another was quicker."""
    free = or_(Message.claimed_until.is_(None), Message.claimed_until < now)
    claimed = session.execute(
        update(Message)
        .where(Message.id == message_id, Message.state == "waiting", Message.due_at <= now, free)
        .values(claimed_by=worker, claimed_until=now + LEASE, attempts=Message.attempts + 1)
        .returning(Message.id)
    ).first()
    return session.get(Message, message_id) if claimed else None


def carry(message: Message, now: datetime) -> None:
    """Hand a claimed message to its channel; raises whatever the channel raises."""
    if (deliver := _channels.get(message.channel)) is None:
        raise LookupError(f"nobody carries messages of channel {message.channel!r}")
    deliver(message, now)


def settle(session: Session, message: Message, now: datetime, error: str | None) -> None:
    """Write down how a delivery went, if the claim is still this worker's.

    What stands under `secret` in the payload is forgotten once it was delivered.
    """
    values: dict[str, Any] = {"claimed_by": None, "claimed_until": None, "last_error": error}
    if error is None:
        values |= {"state": "delivered", "delivered_at": now}
        if "secret" in message.payload:
            values |= {"payload": {**message.payload, "secret": None}}
    elif message.attempts >= MAX_ATTEMPTS:
        values |= {"state": "dead"}
    else:
        values |= {"due_at": now + pause(message.attempts)}
    session.execute(
        update(Message)
        .where(Message.id == message.id, Message.claimed_by == message.claimed_by)
        .values(**values)
    )


def postpone(session: Session, message: Message, now: datetime, reason: str) -> None:
    """Let all that waits on the message's channel wait on; the message's try did not count."""
    session.execute(
        update(Message)
        .where(Message.id == message.id, Message.claimed_by == message.claimed_by)
        .values(claimed_by=None, claimed_until=None, attempts=Message.attempts - 1)
    )
    session.execute(
        update(Message)
        .where(
            Message.channel == message.channel, Message.state == "waiting", Message.due_at <= now
        )
        .values(due_at=now + WAIT, last_error=reason)
    )


def pause(attempts: int) -> timedelta:
    """Exponential backoff with jitter: 15 s, 1 min, 4 min … each stretched by up to a half."""
    jitter = 1 + random.random() / 2  # noqa: S311 - spreads retries, guards nothing
    seconds = FIRST_PAUSE.total_seconds() * 4.0 ** (attempts - 1) * jitter
    return timedelta(seconds=seconds)


def dead_letters(session: Session, limit: int = 100) -> Sequence[Message]:
    """Messages given up on, newest first."""
    return session.scalars(
        select(Message).where(Message.state == "dead").order_by(Message.id.desc()).limit(limit)
    ).all()


def counts(session: Session, now: datetime) -> dict[str, int]:
    """How many messages wait or were given up, and how many of those due in the last day left."""
    shown = or_(
        Message.state.in_(("waiting", "dead")),
        and_(Message.state == "delivered", Message.due_at > now - timedelta(days=1)),
    )
    rows = session.execute(select(Message.state, func.count()).where(shown).group_by(Message.state))
    return {str(state): int(number) for state, number in rows}


def forgo(session: Session, now: datetime, reason: str) -> int:
    """Give up what waits without sending it, for letters nobody should get; how many."""
    waiting = update(Message).where(Message.state == "waiting", Message.due_at <= now)
    done = session.execute(waiting.values(state="forgone", last_error=reason))
    return int(done.rowcount)  # type: ignore[attr-defined]


def replay(session: Session, now: datetime, message_id: str | None = None) -> int:
    """Let one dead letter, or all of them, be tried again from the first pause; how many."""
    statement = update(Message).where(Message.state == "dead")
    if message_id is not None:
        statement = statement.where(Message.id == message_id)
    done = session.execute(statement.values(state="waiting", attempts=0, due_at=now))
    return int(done.rowcount)  # type: ignore[attr-defined]
