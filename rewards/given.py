"""What was given for something a member said: labels follow from the grants, nobody writes them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation.facts import Fact
from rewards.models import Grant
from rewards.rules import POINTS

#: Amounts by commodity.
Amounts = dict[str, int]


def earned_for(session: Session, kind: str, subjects: Collection[str]) -> dict[str, Amounts]:
    """What was granted for facts of `kind` about each of `subjects`; those without are left out.

    What a refund takes back later still counts: it was given when the words were written.
    """
    if not subjects:
        return {}
    rows = session.execute(
        select(Fact.subject, Grant.commodity, func.sum(Grant.amount))
        .join(Grant, Grant.fact_id == Fact.id)
        .where(Fact.kind == kind, Fact.subject.in_(subjects))
        .group_by(Fact.subject, Grant.commodity)
    )
    found: dict[str, Amounts] = {}
    for subject, commodity, amount in sorted(rows, key=lambda row: (row[1] != POINTS, row[1])):
        found.setdefault(subject, {})[commodity] = int(amount)
    return found
