"""What the worker does for the log by itself."""

from __future__ import annotations

from datetime import datetime

from foundation.doors import writing
from foundation.jobs import Summary
from transparency import checkpoints


def write_checkpoint(now: datetime) -> str:
    """Write down the root of today; a sentence for the operations page."""
    with writing() as session:
        size = checkpoints.write(session, now)
    if size is None:
        return Summary("The log has not grown.")
    return Summary("Checkpoint written of so many leaves: %(count)s", count=size)
