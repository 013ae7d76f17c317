"""A dead mail server or worker loses no message, and several workers deliver none twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select

from foundation import outbox, worker
from foundation.doors import Database, reading, writing
from foundation.jobs import Job
from foundation.outbox import Message
from tests.threads import at_once


@pytest.fixture
def sent(database: Database) -> Iterator[list[str]]:
    """What the channel `tray` carried."""
    carried: list[str] = []
    before = outbox._channels
    outbox.deliver_with({"tray": lambda message, now: carried.append(message.payload["cup"])})
    yield carried
    outbox.deliver_with(before)


def put(now: datetime, *cups: str, key: str | None = None) -> None:
    with writing() as session:
        for cup in cups:
            outbox.put(session, "tray", {"cup": cup}, now, key=key)


def states(now: datetime) -> dict[str, int]:
    with reading() as session:
        return outbox.counts(session, now)


def test_a_message_is_delivered_once(sent: list[str], now: datetime) -> None:
    put(now, "green", "black")
    worker.run_once(now)
    worker.run_once(now)
    assert sorted(sent) == ["black", "green"]
    assert states(now) == {"delivered": 2}
    assert states(now + timedelta(days=1)) == {}, "only those of the last day are counted"


def test_a_rolled_back_transaction_promises_nothing(sent: list[str], now: datetime) -> None:
    def promise_and_fail() -> None:
        with writing() as session:
            outbox.put(session, "tray", {"cup": "green"}, now)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        promise_and_fail()
    worker.run_once(now)
    assert sent == []


def test_a_key_makes_a_message_unique(sent: list[str], now: datetime) -> None:
    put(now, "first", key="k")
    put(now, "second", key="k")
    worker.run_once(now)
    assert sent == ["first"]


def test_a_failure_is_tried_again_later_until_it_is_dead_and_then_replayed(
    sent: list[str], now: datetime
) -> None:
    def fail(message: Message, now: datetime) -> None:
        raise ConnectionError("no answer")

    working = outbox._channels
    outbox.deliver_with({"tray": fail})
    put(now, "green")
    moment = now
    for _ in range(outbox.MAX_ATTEMPTS):
        assert worker.run_once(moment)["failed"] == 1
        assert worker.run_once(moment)["failed"] == 0, "not again before the pause is over"
        moment += timedelta(days=7)
    with reading() as session:
        (letter,) = outbox.dead_letters(session)
    assert letter.last_error == "ConnectionError: no answer"
    outbox.deliver_with(working)
    with writing() as session:
        assert outbox.replay(session, moment) == 1
    worker.run_once(moment)
    assert sent == ["green"]


def test_a_message_of_a_worker_that_died_is_delivered_when_its_claim_ends(
    sent: list[str], now: datetime
) -> None:
    put(now, "green")
    with reading() as session:
        (waiting,) = outbox.due(session, now)
    with writing() as session:
        outbox.claim(session, waiting, "a worker that dies here", now)
    worker.run_once(now)
    assert sent == []
    worker.run_once(now + outbox.LEASE + timedelta(seconds=1))
    assert sent == ["green"]


def test_workers_racing_deliver_each_message_once(sent: list[str], now: datetime) -> None:
    put(now, *(f"cup {n}" for n in range(30)))
    at_once([partial(worker.run_once, now)] * 4)
    assert Counter(sent) == Counter({f"cup {n}": 1 for n in range(30)})


def test_a_periodic_job_runs_once_per_period_whoever_asks(
    database: Database, now: datetime
) -> None:
    runs: list[datetime] = []

    def run(at: datetime) -> str:
        runs.append(at)
        return "done"

    before = worker._jobs
    worker.run_jobs([Job("kettle", timedelta(hours=1), run)])
    try:
        at_once([partial(worker.run_once, now)] * 4)
        assert runs == [now]
        worker.run_once(now + timedelta(hours=1))
        assert len(runs) == 2
    finally:
        worker.run_jobs(before)


def test_a_channel_that_cannot_work_waits_and_loses_no_try(
    database: Database, now: datetime
) -> None:
    closed = True

    def carry(message: outbox.Message, now: datetime) -> None:
        if closed:
            raise outbox.NotNow("no mail server")

    outbox.deliver_with({"mail": carry})
    with writing() as session:
        outbox.put_many(session, "mail", [{"secret": "x"}, {}, {}], now)
    for minute in range(0, 60, 3):
        worker.run_once(now + timedelta(minutes=minute))
    with reading() as session:
        waiting = session.scalars(select(outbox.Message)).all()
    assert {(m.state, m.attempts, m.last_error) for m in waiting} == {
        ("waiting", 0, "no mail server")
    }
    closed = False
    done = worker.run_once(now + timedelta(hours=1))
    assert done["delivered"] == 3
    with reading() as session:
        payloads = session.scalars(select(outbox.Message.payload)).all()
    assert sorted(map(str, payloads)) == ["{'secret': None}", "{}", "{}"]
