"""The witness of this room: what the site serves of each review, for the auditor of the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reviews.models import Review
from reviews.publishing import content


def served(session: Session, subjects: Sequence[str]) -> dict[str, Mapping[str, Any] | None]:
    """What is shown today of each of `subjects` (`review:<id>`); None for what is not there."""
    ids = [subject.removeprefix("review:") for subject in subjects]
    rows = session.scalars(select(Review).where(Review.id.in_(ids)))
    shown = {f"review:{review.id}": content(review) for review in rows}
    return {subject: shown.get(subject) for subject in subjects}
