"""Functions run at once, each in a thread of its own, all starting together."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier, Thread
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from foundation import quick
from foundation.doors import reading, writing
from foundation.refusal import Refused

Act = Callable[[], Any]


def at_once(acts: Sequence[Act]) -> list[Any]:
    """What each gave, in their order; raises what one of them raised, once all have ended."""
    start = Barrier(len(acts))

    def run(act: Act) -> Any:
        start.wait()
        try:
            return act()
        finally:
            quick.close()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def outcomes(acts: Sequence[Act]) -> list[Any]:
    """The same, and of those that were refused the code."""
    return at_once([partial(outcome, act) for act in acts])


def ended(acts: Sequence[Act]) -> list[str]:
    """How each ended: "ok", or the code it was refused with."""
    return outcomes([partial(_ok, act) for act in acts])


def outcome(act: Act) -> Any:
    """What it gives, or the code it is refused with."""
    try:
        return act()
    except Refused as refusal:
        return refusal.code


def _ok(act: Act) -> str:
    act()
    return "ok"


WAITING = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")


def until_it_waits(thread: Thread) -> None:
    """Until what runs beside us waits for a lock of PostgreSQL, or has ended."""
    end = time.monotonic() + 10
    while thread.is_alive():
        with reading() as session:
            if session.scalar(WAITING):
                return
        assert time.monotonic() < end, "nobody waits"
        time.sleep(0.01)


def started(act: Callable[[], object], raised: list[Exception]) -> Thread:
    """A thread in which `act` runs until it waits for somebody or has ended."""

    def run() -> None:
        try:
            act()
        except Exception as error:
            raised.append(error)
        finally:
            quick.close()

    thread = Thread(target=run)
    thread.start()
    until_it_waits(thread)
    return thread


def beside(
    act: Callable[[], object],
    first: Callable[[Session], object],
    then: Callable[[Session], object],
) -> list[Exception]:
    """One transaction does `first`, and `then` while `act` waits for it; what `act` raised."""
    raised: list[Exception] = []
    with writing() as session:
        first(session)
        thread = started(act, raised)
        then(session)
    thread.join()
    return raised
