"""How manieth time each member does what a rule counts, in the order in which we were told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation.facts import Fact
from rewards import programme
from rewards.rules import Happened


class Times:
    """Counted so far, for the kinds of facts that are asked about."""

    def __init__(self, asked: frozenset[str]) -> None:
        self._asked = asked
        self._so_far: dict[tuple[str, str | None], int] = {}

    def begin(self, session: Session, start: datetime) -> None:
        """Count what was told before `start`."""
        if not self._asked:
            return
        before = (
            select(Fact.kind, Fact.member_id, func.count())
            .where(
                Fact.kind.in_(self._asked),
                Fact.at < start,
                programme.told(session, start) < start,
            )
            .group_by(Fact.kind, Fact.member_id)
        )
        self._so_far = {(kind, who): int(count) for kind, who, count in session.execute(before)}

    def number(self, fact: Happened) -> int:
        """How manieth time this is; 0 for what no rule counts."""
        if fact.kind not in self._asked:
            return 0
        key = (fact.kind, fact.member_id)
        self._so_far[key] = self._so_far.get(key, 0) + 1
        return self._so_far[key]
