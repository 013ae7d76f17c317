"""What was given for something a member said: labels follow from the grants, nobody writes them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation.facts import Fact
from rewards.models import Grant
from rewards.rules import POINTS


def points_for(session: Session, kind: str, subjects: Collection[str]) -> dict[str, int]:
    """Points granted for facts of `kind` about each of `subjects`; those without are left out.

    What a refund takes back later still counts: it was given when the words were written.
    """
    if not subjects:
        return {}
    rows = session.execute(
        select(Fact.subject, func.sum(Grant.amount))
        .join(Grant, Grant.fact_id == Fact.id)
        .where(Fact.kind == kind, Fact.subject.in_(subjects), Grant.commodity == POINTS)
        .group_by(Fact.subject)
    )
    return {subject: int(points) for subject, points in rows}
