"""What the engine must know of members while facts are heard: standing, and what rules gave.

Standing at a moment counts what was granted and taken back before it, within the window: what
happens in the very same moment is not seen, so the order in which a batch is worked off cannot
change a tier.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from rewards.models import Clawback, Grant
from rewards.rules import Award, Happened, Programme, Tier, month_of, tier_of

#: Members asked about in one statement; SQLite takes 32,766 parameters.
CHUNK = 5_000

Given = dict[tuple[str, str, str | None], int]


class Tallies:
    """The state of one batch's members, read from the grants; `add` what is given meanwhile."""

    def __init__(self, programme: Programme, standings: dict[str, int], given: Given) -> None:
        self._programme = programme
        self._standings = standings
        self._given = given

    def tier(self, member_id: str) -> Tier:
        return tier_of(self._programme, self._standings.get(member_id, 0))

    def given(self, member_id: str, rule: str, month: str | None) -> int:
        return self._given.get((member_id, rule, month), 0)

    def add(self, award: Award, fact: Happened) -> None:
        for month in (month_of(fact.at), None):
            key = (award.member_id, award.rule, month)
            self._given[key] = self._given.get(key, 0) + award.amount


def of_members(
    session: Session,
    programme: Programme,
    member_ids: Iterable[str],
    months: Iterable[str],
    now: datetime,
) -> Tallies:
    """The tallies of `member_ids` at `now`; caps of a month are counted for `months` only."""
    wanted, given = sorted(set(member_ids)), Given()
    standings: dict[str, int] = {}
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        standings |= standings_of(session, programme.standing_window_days, chunk, now)
        for month in set(months):
            rules = [r.key for r in programme.earning if r.cap_per_month is not None]
            given |= _given(session, chunk, rules, month)
        rules = [r.key for r in programme.earning if r.cap_per_member is not None]
        given |= _given(session, chunk, rules, None)
    return Tallies(programme, standings, given)


def standings_of(
    session: Session, window_days: int, member_ids: list[str] | None, at: datetime
) -> dict[str, int]:
    """Standing at `at` of those who have any: granted in the window, less what was taken back.

    `member_ids` None: of everybody.
    """
    inside = [Grant.granted_at >= at - timedelta(days=window_days), Grant.granted_at < at]
    if member_ids is not None:
        inside.append(Grant.member_id.in_(member_ids))
    granted = (
        select(Grant.member_id, func.sum(Grant.amount - Grant.clawed))
        .where(*inside)
        .group_by(Grant.member_id)
    )
    # What was taken back at that very moment or later still counted then.
    not_yet = (
        select(Grant.member_id, func.sum(Clawback.amount))
        .join(Clawback, Clawback.grant_id == Grant.id)
        .where(*inside, Clawback.at >= at)
        .group_by(Grant.member_id)
    )
    standings = {member_id: int(total) for member_id, total in session.execute(granted)}
    for member_id, total in session.execute(not_yet):
        standings[member_id] += int(total)
    return standings


def _given(session: Session, member_ids: list[str], rules: list[str], month: str | None) -> Given:
    if not rules:
        return {}
    query = (
        select(Grant.member_id, Grant.rule, func.sum(Grant.amount))
        .where(Grant.member_id.in_(member_ids), Grant.rule.in_(rules))
        .group_by(Grant.member_id, Grant.rule)
    )
    if month is not None:
        first, after = bounds(month)
        query = query.where(Grant.fact_at >= first, Grant.fact_at < after)
    return {
        (member_id, rule, month): int(total) for member_id, rule, total in session.execute(query)
    }


def bounds(month: str) -> tuple[datetime, datetime]:
    """The first instant of a month ("2026-03") and of the next."""
    year, number = (int(part) for part in month.split("-"))
    first = datetime(year, number, 1, tzinfo=UTC)
    after = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    return first, after
