"""What the page of acknowledgements shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from acknowledgement.models import Acknowledgement
from acknowledgement.rules import THANKS, Thanks
from foundation.paging import Page, read_page
from members.models import Member

#: What the counts are kept under.
FIGURES = "acknowledgements"
LATELY = timedelta(days=30)


@dataclass(frozen=True)
class Counted:
    """A rule and how often it spoke: ever, and in the last thirty days."""

    rule: Thanks
    ever: int
    lately: int


def count(session: Session, now: datetime) -> dict[str, Any]:
    """How often each rule spoke, ever and lately, by its name; see `counted`."""
    found = session.execute(
        select(
            Acknowledgement.rule,
            func.count().label("ever"),
            func.count().filter(Acknowledgement.at >= now - LATELY).label("lately"),
        ).group_by(Acknowledgement.rule)
    )
    return {row.rule: [row.ever, row.lately] for row in found}


def counted(counts: Mapping[str, Any]) -> Sequence[Counted]:
    """Every rule with what `count` says of it."""
    return [Counted(rule, *counts.get(rule.name, (0, 0))) for rule in THANKS]


def latest(session: Session, cursor: str | None) -> Page[Any]:
    """What was said to whom, newest first."""
    statement: Any = select(
        Acknowledgement.id, Acknowledgement.rule, Acknowledgement.at, Member.name, Member.handle
    ).join(Member, Member.id == Acknowledgement.member_id)
    return read_page(
        session, statement, Acknowledgement.id, cursor=cursor, path="/acknowledgements"
    )
