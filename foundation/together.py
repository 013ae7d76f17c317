"""Together: what many ask at the same moment is done in one go, by a thread of its own.

While one batch is being done the next one gathers, so that a statement and a commit serve however
many there are by then. Nobody waits for a clock: what comes alone is done at once.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

Asked = TypeVar("Asked")
Told = TypeVar("Told")


class Together(Generic[Asked, Told]):
    """Does what it is asked in the order it is asked, `most` at a time at most.

    `do` gets a list and answers in its order; it does all of it or raises and has done nothing.
    The thread starts with the first asking, in each process its own.
    """

    def __init__(self, do: Callable[[list[Asked]], Sequence[Told]], most: int) -> None:
        self._do = do
        self._most = most
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._queue: SimpleQueue[tuple[Asked, Callable[[Told | None], None]]] = SimpleQueue()
        self._starting = threading.Lock()
        self._is_started = False

    def ask(self, asked: Asked, then: Callable[[Told | None], None]) -> None:
        """Have it done; `then` is called in the doing thread, after it is.

        None says that nothing was done, be it for a fault in what others asked: ask again alone.
        """
        self._queue.put((asked, then))
        if not self._is_started:
            self._start()

    def _start(self) -> None:
        with self._starting:
            if not self._is_started:
                threading.Thread(target=self._go_on, name="together", daemon=True).start()
                self._is_started = True

    def _go_on(self) -> None:
        while True:
            batch = self._next_batch()
            try:
                told: Sequence[Told | None] = self._do([asked for asked, _then in batch])
            except Exception as problem:
                log.info("not done together: %s", problem)
                told = [None] * len(batch)
            for (_asked, then), each in zip(batch, told, strict=True):
                try:
                    then(each)
                except Exception:
                    log.exception("nobody could be told")

    def _next_batch(self) -> list[tuple[Asked, Callable[[Told | None], None]]]:
        """What is there, at least one."""
        batch = [self._queue.get()]
        try:
            while len(batch) < self._most:
                batch.append(self._queue.get_nowait())
        except Empty:
            pass
        return batch
