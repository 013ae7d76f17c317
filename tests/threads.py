"""Functions run at once, each in a thread of its own, all starting together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from foundation import quick
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
    return at_once([_or_code(act) for act in acts])


def _or_code(act: Act) -> Act:
    def said() -> Any:
        try:
            return act()
        except Refused as refusal:
            return refusal.code

    return said
