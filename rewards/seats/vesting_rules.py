"""When units vest: monthly steps after a cliff. Pure.

After k whole months floor(units × k / months) have vested, nothing before the cliff, everything at
the end. Each step takes what is missing to that, so that no rounding is ever lost.
"""

from __future__ import annotations

import calendar
from datetime import datetime


def month_after(start: datetime, months: int) -> datetime:
    """The moment `months` later: the same day, or the last one of a shorter month."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return start.replace(year=year, month=month + 1, day=day)


def months_passed(start: datetime, now: datetime) -> int:
    """Whole months since `start`; 0 before it."""
    months = max((now.year - start.year) * 12 + now.month - start.month, 0)
    return months - 1 if months and month_after(start, months) > now else months


def vested(units: int, months: int, cliff: int, passed: int) -> int:
    """Units that have vested after `passed` whole months."""
    if passed < cliff or passed <= 0:
        return 0
    return units * min(passed, months) // months


def next_step(months: int, cliff: int, passed: int) -> int | None:
    """The month of the next step after `passed`; None when the last one is behind."""
    step = max(passed + 1, cliff)
    return step if step <= months else None
