"""What the engine must know of members while facts are heard: standing, and what rules gave.

Standing at a moment counts what was granted and taken back before it, within the window: what
happens in the very same moment is not seen, so the order in which a batch is worked off cannot
change a tier.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation.facts import Fact
from rewards.budgets.rules import EVER
from rewards.engine import Award, scopes
from rewards.happenings import day_of
from rewards.models import Clawback, Grant
from rewards.rules import (
    POINTS,
    Happened,
    Programme,
    Tier,
    commodity_of,
    counts_times,
    month_of,
    tier_of,
)

#: Members asked about in one statement; SQLite takes 32,766 parameters.
CHUNK = 5_000

Given = dict[tuple[str, str, str | None], int]


class Tallies:
    """The state of one batch's members, read from the grants; `add` what is given meanwhile."""

    def __init__(self, programme: Programme, standings: dict[str, int], given: Given) -> None:
        self._programme = programme
        self._standings = standings
        self._given = given
        self.budgets: dict[tuple[str, str], int] = {}  # committed, by period and scope
        self.numbers: dict[str, int] = {}  # how manieth time, by fact
        self.tiers: dict[str, Tier] = {}  # where standing is weighed: all but the first

    def tier(self, member_id: str) -> Tier:
        if self._programme.standing is not None:
            return self.tiers.get(member_id, self._programme.tiers[0])
        return tier_of(self._programme, self._standings.get(member_id, 0))

    def given(self, member_id: str, rule: str, span: str | None) -> int:
        return self._given.get((member_id, rule, span), 0)

    def committed(self, scope: str, period: str) -> int:
        return self.budgets.get((period, scope), 0)

    def times(self, fact: Happened) -> int:
        return self.numbers.get(fact.id, 0)

    def add(self, award: Award, fact: Happened) -> None:
        month = month_of(fact.at)
        for span in (day_of(fact.at), month, None):
            key = (award.member_id, award.rule, span)
            self._given[key] = self._given.get(key, 0) + award.amount
        for period in (month, EVER):
            for scope in scopes(award):
                place = (period, scope)
                self.budgets[place] = self.budgets.get(place, 0) + award.amount


def of_members(
    session: Session,
    programme: Programme,
    member_ids: Iterable[str],
    days: Iterable[str],
    now: datetime,
) -> Tallies:
    """The tallies of `member_ids` at `now`; caps are counted for `days` and their months only."""
    wanted, given = sorted(set(member_ids)), Given()
    standings: dict[str, int] = {}
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        if programme.standing is None:
            standings |= standings_of(session, programme.standing_window_days, chunk, now)
        given |= _under_caps(session, programme, chunk, set(days))
    return Tallies(programme, standings, given)


def standings_of(
    session: Session, window_days: int, member_ids: list[str] | None, at: datetime
) -> dict[str, int]:
    """Standing at `at` of those who have any: points granted in the window, less those taken back.

    `member_ids` None: of everybody.
    """
    inside = [
        Grant.granted_at >= at - timedelta(days=window_days),
        Grant.granted_at < at,
        Grant.commodity == POINTS,
    ]
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


def _under_caps(
    session: Session, programme: Programme, member_ids: list[str], days: set[str]
) -> Given:
    """What rules with caps gave these members on `days`, in their months, and ever."""
    given, earning = Given(), programme.earning
    gives = {rule.key: commodity_of(programme, rule) for rule in earning}
    daily = {rule.key: gives[rule.key] for rule in earning if rule.cap_per_day is not None}
    monthly = {rule.key: gives[rule.key] for rule in earning if rule.cap_per_month is not None}
    whole = {rule.key: gives[rule.key] for rule in earning if rule.cap_per_member is not None}
    for day in days if daily else ():
        given |= _given(session, member_ids, daily, day)
    for month in {day[:7] for day in days}:
        given |= _given(session, member_ids, monthly, month)
    return given | _given(session, member_ids, whole, None)


def _given(
    session: Session, member_ids: list[str], rules: Mapping[str, str], span: str | None
) -> Given:
    """What each of `rules` gave of the commodity it gives now."""
    if not rules:
        return {}
    query = (
        select(Grant.member_id, Grant.rule, Grant.commodity, func.sum(Grant.amount))
        .where(Grant.member_id.in_(member_ids), Grant.rule.in_(rules))
        .group_by(Grant.member_id, Grant.rule, Grant.commodity)
    )
    if span is not None:
        first, after = bounds(span)
        query = query.where(Grant.fact_at >= first, Grant.fact_at < after)
    return {
        (member_id, rule, span): int(total)
        for member_id, rule, commodity, total in session.execute(query)
        if commodity == rules[rule]
    }


def bounds(span: str) -> tuple[datetime, datetime]:
    """The first instant of a month ("2026-03") or day ("2026-03-03"), and of the next."""
    year, month, *day = (int(part) for part in span.split("-"))
    if day:
        start = datetime(year, month, day[0], tzinfo=UTC)
        return start, start + timedelta(days=1)
    first = datetime(year, month, 1, tzinfo=UTC)
    after = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return first, after


def numbers(session: Session, programme: Programme, heard: Iterable[Happened]) -> dict[str, int]:
    """How manieth of its kind each fact is for its member, in the order in which we were told.

    `heard` is everything told in this moment. Only kinds are counted whose number a rule asks for.
    """
    asked = counts_times(programme)
    told: dict[tuple[str, str], list[Happened]] = {}
    for fact in sorted(heard, key=lambda fact: (fact.at, fact.id)):
        if fact.kind in asked and fact.member_id is not None:
            told.setdefault((fact.kind, fact.member_id), []).append(fact)
    so_far = _told_so_far(session, told)
    found: dict[str, int] = {}
    for whose, facts in told.items():
        first = so_far.get(whose, 0) - len(facts) + 1
        found |= {fact.id: first + place for place, fact in enumerate(facts)}
    return found


def _told_so_far(session: Session, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """How many facts there are of each kind and member."""
    kinds = {kind for kind, _member_id in wanted}
    members = sorted({member_id for _kind, member_id in wanted})
    found: dict[tuple[str, str], int] = {}
    for start in range(0, len(members), CHUNK):
        query = select(Fact.kind, Fact.member_id, func.count()).group_by(Fact.kind, Fact.member_id)
        hers = Fact.member_id.in_(members[start : start + CHUNK])
        rows = session.execute(query.where(hers, Fact.kind.in_(kinds)))
        found |= {(kind, str(member_id)): int(count) for kind, member_id, count in rows}
    return found
