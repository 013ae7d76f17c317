"""Standing as it would have been: places of members in memory, moved by the facts of a replay.

The same machine as live (`climbing`) over the same facts in the order in which they were heard, so
that a replay of the programme in force puts everybody where she really was. It begins with what
members did before the period (their facts, as far back as the window looks) and with the tiers they
really had then; where no standing was weighed yet, everybody begins in the tier her standing
reaches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from foundation.facts import Fact
from foundation.tables import table_of
from rewards import programme
from rewards.rules import Happened, Programme, Tier
from rewards.standing.climbing import (
    Place,
    Scale,
    Sheet,
    catch_up,
    lift,
    midnight,
    newcomer,
    next_look,
    tier_before,
)
from rewards.standing.models import StandingChange
from rewards.standing.rules import (
    KINDS,
    PAID,
    SPENT,
    counted,
    currency_of,
    first_day,
)

FACT, CHANGE = table_of(Fact), table_of(StandingChange)
#: Rows fetched at a time.
STEP = 5_000
#: Evaluations that a worker which slept so long still owes are worked off when a replay begins.
OWED_DAYS = 40


@dataclass(slots=True)
class _Member:
    sheet: Sheet
    place: Place
    heard: int = 0  # the day on which something of hers was heard last


class PastPlaces:
    """Where members would have stood; `hear` in order, `tier` at any moment after."""

    def __init__(self, rules: Programme, start: datetime) -> None:
        self.scale = Scale(rules, tiers_only=True)
        self.start = start
        self._members: dict[str, _Member] = {}

    # What was before.

    def begin(self, session: Session) -> None:
        """Start from what was heard before the period."""
        earliest = first_day(self.scale.rules, self.scale.days, self.start.toordinal() - OWED_DAYS)
        self._since(session)
        for fact, heard_at in self._told(session, midnight(earliest)):
            member = self._member(str(fact.member_id))
            self._count(member, fact.kind, fact.at.toordinal(), fact.details)
            member.heard = heard_at.toordinal()
        self._settle(session)

    def _told(self, session: Session, since: datetime) -> Iterator[tuple[Happened, datetime]]:
        """What members did from `since` on and was heard before the period, as it was heard."""
        told = programme.told(session, self.start)
        query = (
            select(*(FACT.c[name] for name in Happened._fields), told)
            .where(FACT.c.kind.in_(KINDS), FACT.c.member_id.is_not(None))
            .where(FACT.c.at >= since, FACT.c.at < self.start, told < self.start)
            .order_by(told)
        )
        for row in session.execute(query, execution_options={"yield_per": STEP}):
            yield Happened(*row[:-1]), row[-1]

    def _since(self, session: Session) -> None:
        # In the order of `at` rather than grouped: SQLite would look up every fact by its member.
        orders = (
            select(FACT.c.member_id, FACT.c.at)
            .where(
                FACT.c.kind == "order.paid",
                programme.told(session, self.start) < self.start,
                FACT.c.at < self.start,
                FACT.c.member_id.is_not(None),
                FACT.c.details["total"].as_float() > 0,  # as in `is_customer_by`
            )
            .order_by(FACT.c.at)
        )
        for member_id, at in session.execute(orders, execution_options={"yield_per": STEP}):
            sheet = self._member(member_id).sheet
            if sheet.since is None:
                sheet.since = at.toordinal()

    def _settle(self, session: Session) -> None:
        """Put everybody where she was when the period began."""
        version = _in_force(session, self.start)
        is_weighed = version is not None and version.rules.standing is not None
        floor = self.start.toordinal() - OWED_DAYS
        if is_weighed and version is not None:
            floor = max(floor, version.published_at.toordinal())
            self._places(session)
        for member in self._members.values():
            day = max(floor, member.heard) if is_weighed else self.start.toordinal()
            place = member.place
            place.measured = self.scale.measure(member.sheet, day)
            self.scale.settled(place, place.measured.total)
            if not is_weighed:
                place.tier = place.base = self.scale.reached(place.measured.total)
            place.look = next_look(self.scale, member.sheet, place, day)

    def _places(self, session: Session) -> None:
        """The last change of everybody before the period."""
        inside = or_(
            StandingChange.at < self.start,
            and_(StandingChange.at == self.start, StandingChange.cause != "fact"),
        )
        last = (
            select(StandingChange.member_id, func.max(StandingChange.number).label("number"))
            .where(inside)
            .group_by(StandingChange.member_id)
            .subquery()
        )
        columns = CHANGE.c
        rows = session.execute(
            select(
                columns.member_id, columns.after, columns.at, columns.turn, columns.grace_until
            ).join(
                last,
                and_(columns.member_id == last.c.member_id, columns.number == last.c.number),
            )
        )
        for change in rows:
            member = self._member(change.member_id)
            place = member.place
            place.tier = place.base = change.after
            place.since = change.at
            until = None if change.turn == "kept" else change.grace_until
            place.grace_until = until.toordinal() if until is not None else None
            member.heard = max(member.heard, change.at.toordinal())

    def _member(self, member_id: str) -> _Member:
        member = self._members.get(member_id)
        if member is None:
            place = newcomer(self.scale, self.start, self.start.toordinal())
            member = self._members[member_id] = _Member(Sheet(), place)
        return member

    # What happens.

    def hear(self, fact: Happened, now: datetime) -> None:
        """Count a fact that was heard at `now`."""
        if fact.kind in KINDS and fact.member_id is not None:
            self._hear(fact, fact.member_id, now)

    def _hear(self, fact: Happened, member_id: str, now: datetime) -> None:
        today = now.toordinal()
        member = self._members.get(member_id)
        if member is None:
            place = newcomer(self.scale, now, today)
            member = self._members[member_id] = _Member(Sheet(), place)
        if member.place.look <= today:
            catch_up(self.scale, member.sheet, member.place, today)
        self._count(member, fact.kind, fact.at.toordinal(), fact.details)
        lift(self.scale, member.sheet, member.place, now, today)

    def _count(self, member: _Member, kind: str, day: int, details: Mapping[str, Any]) -> None:
        moves = counted(kind, details)
        if kind == "order.paid" and moves:
            member.sheet.customer_since(day)
            member.sheet.add(day, PAID, moves[-1][1] if self._is_ours(details) else 0)
            return
        for what, amount in moves:
            if what != SPENT or self._is_ours(details):
                member.sheet.add(day, what, amount)

    def _is_ours(self, details: Mapping[str, Any]) -> bool:
        return currency_of(details) == self.scale.programme.currency

    # What the engine and the comparison ask.

    def tier(self, member_id: str, now: datetime) -> Tier:
        """The tier a member was in before `now`."""
        member = self._members.get(member_id)
        if member is None:
            return self.scale.tiers[0]
        today = now.toordinal()
        if member.place.look <= today:
            catch_up(self.scale, member.sheet, member.place, today)
        return self.scale.tiers[self.scale.rank[tier_before(member.place, now)]]

    def at(self, moment: datetime) -> dict[str, tuple[str, int]]:
        """Tier and standing of everybody at `moment`, not before the last fact."""
        today, found = moment.toordinal(), dict[str, tuple[str, int]]()
        for member_id, member in self._members.items():
            catch_up(self.scale, member.sheet, member.place, today)
            total = self.scale.measure(member.sheet, today).total
            found[member_id] = (member.place.tier, total)
        return found


def _in_force(session: Session, at: datetime) -> programme.Version | None:
    number = programme.in_force(programme.timeline(session), at)
    return programme.version(session, number) if number is not None else None


def kinds(rules: Programme) -> Iterable[str]:
    """The facts that a replay of `rules` must hear for standing's sake."""
    return KINDS if rules.standing is not None else ()
