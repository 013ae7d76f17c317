"""Waiting for SQLite's write lock, which one connection has at a time."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from typing import TypeVar

#: Milliseconds a writer waits for another one before it gives up.
BUSY_TIMEOUT = 15_000

#: Seconds between tries.
SHORTEST_PAUSE, LONGEST_PAUSE = 0.0001, 0.002

Answer = TypeVar("Answer")


def insist(act: Callable[[], Answer]) -> Answer:
    """What `act` gives once the lock is free; its own error when that takes too long.

    `act` is tried on a connection whose busy_timeout is 0. SQLite's own waiting begins with a
    thousandth of a second and ends with a tenth: while many short transactions follow each other it
    halves what all of them can do, and finds no gap between long ones.
    """
    pause, last = SHORTEST_PAUSE, time.monotonic() + BUSY_TIMEOUT / 1000
    while True:
        try:
            return act()
        except sqlite3.OperationalError as problem:
            if problem.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > last:
                raise
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
