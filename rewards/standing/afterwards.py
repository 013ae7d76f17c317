"""Tiers that members really had after a period: what is told of it late is given by these."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.facts import Fact
from foundation.tables import table_of
from rewards import programme
from rewards.rules import Programme, Tier, tier_of
from rewards.standing.models import StandingChange
from rewards.standing.store import chunks

CHANGE = table_of(StandingChange)


class RealTiers:
    """By member each change: when it was to be seen, the tier after it, the standing."""

    def __init__(self, rules: Programme) -> None:
        self._rules = rules
        self._changes: dict[str, list[tuple[datetime, bool, str, int]]] = {}

    @classmethod
    def after(
        cls, session: Session, rules: Programme, start: datetime, end: datetime, until: datetime
    ) -> RealTiers | None:
        """Those of whoever something is told of after the `end`, until `until`; None where the
        version in force then weighs no standing."""
        number = programme.in_force(programme.timeline(session), end)
        version = programme.version(session, number) if number is not None else None
        if version is None or version.rules.standing is None:
            return None
        found = cls(rules)
        found._read(session, _told_late(session, start, end), until)
        return found

    def _read(self, session: Session, member_ids: Iterable[str], until: datetime) -> None:
        columns = CHANGE.c
        for chunk in chunks(sorted(member_ids)):
            rows = session.execute(
                select(columns.member_id, columns.at, columns.cause, columns.after, columns.now)
                .where(columns.member_id.in_(chunk), columns.at <= until)
                .order_by(columns.member_id, columns.number)
            )
            for row in rows:
                # What facts change is not seen by others of the same instant.
                change = (row.at, row.cause == "fact", row.after, int(row.now["total"]))
                self._changes.setdefault(row.member_id, []).append(change)

    def tier(self, member_id: str, now: datetime) -> Tier:
        """The tier a member was in before `now`, by its key in the programme that is replayed."""
        changes = self._changes.get(member_id, [])
        place = bisect_left(changes, (now, True, "", 0))
        if place == 0:
            return self._rules.tiers[0]
        _at, _is_fact, tier, standing = changes[place - 1]
        return self._rules.tier(tier) or tier_of(self._rules, standing)


def _told_late(session: Session, start: datetime, end: datetime) -> set[str]:
    """Of whom something that happened in the period was told after it."""
    query = select(Fact.member_id, Fact.details["friend"].as_string()).where(
        Fact.at >= start, Fact.at < end, programme.told(session, start) >= end
    )
    return {str(each) for pair in session.execute(query) for each in pair if each is not None}
