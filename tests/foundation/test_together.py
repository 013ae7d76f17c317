"""What several ask at the same moment is done in one go, and each is told her own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from queue import SimpleQueue
from threading import Event

from foundation.together import Together


class Desk:
    """Doubles numbers; shows the batches it got, and waits at the first until it may go on."""

    def __init__(self, most: int = 8) -> None:
        self.batches: list[Sequence[int]] = []
        self.may_go_on = Event()
        self.told: SimpleQueue[tuple[int, int | None]] = SimpleQueue()
        self.together = Together(self.double, most)

    def double(self, numbers: list[int]) -> list[int]:
        self.batches.append(numbers)
        self.may_go_on.wait(10)
        if 13 in numbers:
            raise ValueError("not thirteen")
        return [2 * number for number in numbers]

    def ask(self, *numbers: int) -> None:
        for number in numbers:
            self.together.ask(number, lambda told, n=number: self.told.put((n, told)))  # type: ignore[misc]

    def heard(self, count: int) -> list[tuple[int, int | None]]:
        return [self.told.get(timeout=10) for _ in range(count)]


def opened() -> Desk:
    desk = Desk()
    desk.may_go_on.set()
    return desk


def test_it_works() -> None:
    desk = opened()
    desk.ask(21)
    assert desk.heard(1) == [(21, 42)]


def test_what_gathers_meanwhile_is_one_batch_of_so_many_at_most() -> None:
    desk = Desk(most=3)
    desk.ask(0)
    while not desk.batches:
        pass
    desk.ask(1, 2, 3, 4, 5)
    assert desk.told.empty()
    desk.may_go_on.set()
    assert desk.heard(6) == [(n, 2 * n) for n in range(6)]
    assert desk.batches == [[0], [1, 2, 3], [4, 5]]


def test_a_batch_that_fails_is_told_so_and_the_next_one_goes_on() -> None:
    desk = Desk()
    desk.ask(0)
    while not desk.batches:
        pass
    desk.ask(12, 13)
    desk.may_go_on.set()
    assert desk.heard(3) == [(0, 0), (12, None), (13, None)]
    desk.ask(12)
    assert desk.heard(1) == [(12, 24)]


def test_who_cannot_be_told_does_not_hold_up_the_others() -> None:
    desk = opened()

    def gone(told: int | None) -> None:
        raise ConnectionError

    desk.together.ask(1, gone)
    desk.ask(2)
    assert desk.heard(1) == [(2, 4)]


def test_a_forked_process_has_a_thread_of_its_own() -> None:
    desk = opened()
    desk.ask(1)
    assert desk.heard(1) == [(1, 2)]
    child = os.fork()
    if child == 0:
        desk.ask(2)
        os._exit(0 if desk.heard(1) == [(2, 4)] else 1)
    assert os.waitpid(child, 0)[1] == 0
