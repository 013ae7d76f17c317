"""What is acknowledged, with which words, and how fresh the news must be; the page shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from foundation.words import lazy

#: Older news is known to whoever it is about: an import of past years thanks nobody.
FRESH = timedelta(days=14)


@dataclass(frozen=True)
class Thanks:
    """A fact of kind `fact`, at most `within` old, is answered with `notice` to its member."""

    name: str
    fact: str
    notice: str  # its kind
    what: Any  # a lazy sentence for the page
    within: timedelta = FRESH


THANKS: tuple[Thanks, ...] = (
    Thanks(
        "order",
        "order.paid",
        "order.paid",
        lazy("Thanks for an order; with the first one a welcome and an invitation to the clubs."),
    ),
    Thanks(
        "shipped",
        "order.shipped",
        "order.shipped",
        lazy("It is on its way, and the day it was promised for."),
    ),
    Thanks(
        "delivered",
        "order.delivered",
        "order.delivered",
        lazy(
            "It has arrived; whether we kept our promise, told as it was; and the question how it"
            " is, to every buyer alike."
        ),
    ),
    Thanks(
        "refunded",
        "order.refunded",
        "order.refunded",
        lazy("Money was given back, how much, and what that does to points."),
    ),
    Thanks(
        "cancelled",
        "order.cancelled",
        "order.cancelled",
        lazy("The order was called off."),
    ),
    Thanks(
        "review",
        "review.published",
        "review.thanks",
        lazy("Thanks for a review, whatever its stars."),
    ),
)
BY_FACT: Mapping[str, Thanks] = {rule.fact: rule for rule in THANKS}


def is_fresh(rule: Thanks, at: datetime, now: datetime) -> bool:
    """Whether a fact of `at` is still news."""
    return now - at <= rule.within


def overtaken(kind: str, moments: Mapping[str, datetime | None]) -> bool:
    """Whether later news (it has arrived, it was called off) makes this one pointless."""
    later: Mapping[str, Sequence[str]] = {
        "order.paid": ("cancelled_at",),
        "order.shipped": ("delivered_at", "cancelled_at"),
    }
    return any(moments[moment] for moment in later.get(kind, ()))
