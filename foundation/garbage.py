"""Python's garbage, left alone while much is made that stays."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no garbage meanwhile.

    For work that makes hundreds of thousands of objects and lets go of none until it ends: to go
    through them again and again took a third of the time of a replay and of a set of transfers.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
