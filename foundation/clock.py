"""The only place that asks what time it is; everything below the doors is told."""

from datetime import UTC, datetime


def now() -> datetime:
    """This instant in UTC."""
    return datetime.now(UTC)
