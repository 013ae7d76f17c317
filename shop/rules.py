"""What follows from an order's moments; pure, so that pages and verbs agree."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol

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
