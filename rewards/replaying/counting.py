"""How manieth time each member does what a rule counts, in the order in which we were told."""

from __future__ import annotations

from collections import deque
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
        self._late: deque[tuple[str, str | None, datetime]] = deque()

    def begin(self, session: Session, start: datetime) -> None:
        """Count what happened before `start`; what was told of it later is counted then."""
        if not self._asked:
            return
        told = programme.told(session, start)
        happened = (Fact.kind.in_(self._asked), Fact.at < start)
        before = (
            select(Fact.kind, Fact.member_id, func.count())
            .where(*happened, told < start)
            .group_by(Fact.kind, Fact.member_id)
        )
        self._so_far = {(kind, who): int(count) for kind, who, count in session.execute(before)}
        late = (
            select(Fact.kind, Fact.member_id, told).where(*happened, told >= start).order_by(told)
        )
        self._late = deque((kind, who, at) for kind, who, at in session.execute(late))

    def number(self, fact: Happened, now: datetime) -> int:
        """How manieth time this is; 0 for what no rule counts."""
        if fact.kind not in self._asked:
            return 0
        while self._late and self._late[0][2] <= now:
            kind, who, _at = self._late.popleft()
            self._so_far[kind, who] = self._so_far.get((kind, who), 0) + 1
        key = (fact.kind, fact.member_id)
        self._so_far[key] = self._so_far.get(key, 0) + 1
        return self._so_far[key]
