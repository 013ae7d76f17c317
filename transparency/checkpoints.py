"""Checkpoints: the root written down now and then, so that a later log can be held against it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from foundation.once import insert_once
from transparency import queries
from transparency.models import Checkpoint

#: A rewritten past shows against the last checkpoint somebody kept: an hour is what may be lost.
EVERY = timedelta(hours=1)


def write(session: Session, now: datetime) -> int | None:
    """Write down the root of today; the size it stands for, or None when the log has not grown."""
    head = queries.head(session)
    if head.size == 0:
        return None
    row = {"size": head.size, "root": head.root, "at": now}
    return head.size if insert_once(session, Checkpoint, row) else None
