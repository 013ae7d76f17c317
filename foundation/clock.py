"""The only place that asks what time it is; everything below the doors is told. Days as typed."""

from __future__ import annotations

from datetime import UTC, date, datetime

#: Days beyond these nobody means, and some of them have no day before or after them.
FIRST_DAY, LAST_DAY = date(1970, 1, 2), date(9999, 12, 29)


def now() -> datetime:
    """This instant in UTC."""
    return datetime.now(UTC)


def typed_day(typed: str) -> date | None:
    """2026-03-31 as a day; None for anything else, and for days nobody means."""
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None
