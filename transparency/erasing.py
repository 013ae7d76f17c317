"""Forgetting: what the log can no longer open, and the log stays whole."""

from __future__ import annotations

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from transparency.models import LogSalt


def forget(session: Session, subject: str) -> int:
    """Delete the salts of every leaf about `subject`; returns how many there were.

    Without its salt a commitment can be matched with no text, not even a guessed one. Append a
    `….withdrawn` or `….erased` leaf first: `bellmouth log verify` reports a text that is gone
    without one.
    """
    forgotten = session.scalars(
        delete(LogSalt).where(LogSalt.subject == subject).returning(LogSalt.leaf_index)
    )
    return len(forgotten.all())


def forget_author(session: Session, author_id: str) -> None:
    """Forget whom receipts went to, and keep what they wrote (an account closed, texts left)."""
    session.execute(
        update(LogSalt)
        .where(LogSalt.author_id == author_id)
        .values(author_id=None)
        .execution_options(synchronize_session=False)
    )
