"""What follows from an order's moments; pure, so that pages and verbs agree."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

#: The way of an order, in order; `cancelled` ends it anywhere.
STEPS = ("placed", "paid", "shipped", "delivered")


class Moments(Protocol):
    """The moments an order may have reached."""

    @property
    def paid_at(self) -> datetime | None: ...
    @property
    def shipped_at(self) -> datetime | None: ...
    @property
    def delivered_at(self) -> datetime | None: ...
    @property
    def cancelled_at(self) -> datetime | None: ...


def status(order: Moments) -> str:
    """The furthest step reached; a cancelled order is cancelled whatever came before."""
    if order.cancelled_at:
        return "cancelled"
    if order.delivered_at:
        return "delivered"
    if order.shipped_at:
        return "shipped"
    return "paid" if order.paid_at else "placed"


def promise(promised_on: date | None, delivered_at: datetime | None, today: date) -> str | None:
    """How the promise to deliver by a date stands: open, kept, late or (not delivered) overdue."""
    if promised_on is None:
        return None
    if delivered_at is not None:
        return "kept" if delivered_at.date() <= promised_on else "late"
    return "open" if today <= promised_on else "overdue"


@dataclass(frozen=True)
class Step:
    """One step of an order's way; `state` is done, now, late or todo."""

    name: str
    moment: datetime | None
    state: str


def steps(order: Any, today: date) -> tuple[Step, ...]:
    """The way of an order as its page draws it; a cancelled order ends where it was."""
    moments = {name: getattr(order, f"{name}_at") for name in STEPS}
    late = promise(order.promised_on, order.delivered_at, today) == "overdue"
    way: list[Step] = []
    next_is_now = order.cancelled_at is None
    for name, moment in moments.items():
        if moment is not None:
            way.append(Step(name, moment, "done"))
        elif order.cancelled_at is None:
            waits = "late" if late else "now"
            way.append(Step(name, None, waits if next_is_now else "todo"))
            next_is_now = False
    if order.cancelled_at is not None:
        way.append(Step("cancelled", order.cancelled_at, "late"))
    return tuple(way)


def open_steps(order: Moments) -> tuple[str, ...]:
    """What may still happen to an order (besides refunds), as the desk of the demo offers it."""
    if order.cancelled_at or order.delivered_at:
        return ()
    return ("deliver",) if order.shipped_at else ("ship", "deliver", "cancel")
