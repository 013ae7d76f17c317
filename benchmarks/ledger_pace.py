"""How often per second, and how long each time: every connection is a process of its own.

A thread would share Python's lock with seven others and measure that; the server runs processes.
"""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from foundation import doors

SLICE = 0.8  # seconds; contenders take turns
TURNS = 3
WARM_UP = 15

Act = Callable[[], None]
#: Opens a connection, in the process that will use it, and gives the act to repeat.
Prepare = Callable[[], Act]

_fork = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Pace:
    """Acts per second of one slice, and the seconds that each of them took."""

    rate: float
    seconds: list[float]

    def at(self, share: float) -> float:
        """The milliseconds within which that share of the acts was done."""
        ordered = sorted(self.seconds)
        return round(1000 * ordered[min(int(len(ordered) * share), len(ordered) - 1)], 2)


#: One slice with that many connections.
Contender = Callable[[int], Pace]


@dataclass
class Waits:
    """The seconds that each act took while something else went on."""

    seconds: list[float] = field(default_factory=list)


def in_turns(contenders: Mapping[str, Contender], connections: int) -> dict[str, Pace]:
    """The median rate and all durations of each, slice after slice in turns."""
    slices: dict[str, list[Pace]] = {name: [] for name in contenders}
    for _ in range(TURNS):
        for name, contender in contenders.items():
            slices[name].append(contender(connections))
    return {name: _together(paces) for name, paces in slices.items()}


def forked(prepare: Prepare) -> Contender:
    """A contender whose connections are forks of this process."""

    def contender(connections: int) -> Pace:
        doors.database().close()  # no connection is shared with a fork
        barrier = _fork.Barrier(connections)
        pipes = [_fork.Pipe(duplex=False) for _ in range(connections)]
        workers = [_fork.Process(target=_work, args=(prepare, barrier, end)) for _, end in pipes]
        for worker in workers:
            worker.start()
        for _, end in pipes:
            end.close()  # so that one that dies ends the waiting for its answer
        answers = [here.recv() for here, _ in pipes]
        for worker in workers:
            worker.join()
        rate = sum(len(seconds) / elapsed for seconds, elapsed in answers)
        return Pace(rate, [each for seconds, _ in answers for each in seconds])

    return contender


@contextmanager
def meanwhile(prepare: Prepare, pause: float) -> Iterator[Waits]:
    """Repeat an act in another process, with a `pause` after each, until the block ends."""
    doors.database().close()
    waits, over, (here, there) = Waits(), _fork.Event(), _fork.Pipe(duplex=False)
    worker = _fork.Process(target=_repeat, args=(prepare, pause, over, there))
    worker.start()
    try:
        yield waits
    finally:
        over.set()
        waits.seconds += here.recv()
        worker.join()


def _work(prepare: Prepare, barrier: Any, answer: Any) -> None:
    act = prepare()
    for _ in range(WARM_UP):
        act()
    barrier.wait()
    seconds: list[float] = []
    started = before = time.perf_counter()
    while before - started < SLICE:
        act()
        after = time.perf_counter()
        seconds.append(after - before)
        before = after
    answer.send((seconds, before - started))


def _repeat(prepare: Prepare, pause: float, over: Any, answer: Any) -> None:
    act = prepare()
    seconds: list[float] = []
    act()
    while not over.is_set():
        before = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - before)
        time.sleep(pause)
    answer.send(seconds)


def _together(paces: list[Pace]) -> Pace:
    return Pace(
        statistics.median(pace.rate for pace in paces),
        [each for pace in paces for each in pace.seconds],
    )
