"""What the worker does for the log by itself."""

from __future__ import annotations

from datetime import datetime

from foundation.doors import writing
from transparency import checkpoints


def write_checkpoint(now: datetime) -> str:
    """Write down the root of today; a sentence for the operations page."""
    with writing() as session:
        size = checkpoints.write(session, now)
    return "the log has not grown" if size is None else f"checkpoint of {size} leaves"
