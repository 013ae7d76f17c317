"""How a member climbs and falls: the one machine of tiers, live and in replays. Pure.

A `Sheet` holds what is counted of one member by day; a `Place` says where she stands. Two things
move a place:

- facts: what is heard may lift her to a higher tier at once (`lift`), never lower her;
- evaluations: at midnight (UTC) of a day on which something may have changed, `evaluate` lifts her
  too, or begins her grace, or ends it, or lets her fall: one step at most, and only when her grace
  is over. With a calendar year as the window she is evaluated against the year that just ended, on
  1 January; with rolling days every midnight.

Between facts nothing but the calendar moves her, so an evaluation gives the same whenever it is
worked off: `catch_up` does those that are due before a fact is looked at, and the nightly job for
everybody else. `next_look` skips the days on which nothing can change.

What happens in one instant is not seen within it: the engine asks for the tier before it
(`tier_before`), and however the facts of one instant are ordered, the place after it is the same.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal, NamedTuple

from rewards.rules import Programme, Tier, tier_of
from rewards.standing.rules import (
    KEPT,
    NAMES,
    NOTHING,
    ORDERS,
    PAID,
    SPENT,
    WHOLE,
    Measured,
    StandingRules,
    components,
    duration,
    first_day,
    is_new_year,
    leaves_on,
    new_year_after,
    rises_on,
    together,
)

#: What a step did: a higher tier was reached; grace began; the tier is kept after all; it was
#: lost; nothing but the standing itself moved; it was carried over from a programme before.
Turn = Literal["reached", "grace", "kept", "fell", "moved", "carried"]

#: A day further away than any: nothing to look at.
NEVER = date(9999, 12, 31).toordinal()


@dataclass(slots=True)
class Sheet:
    """What is counted of one member: since when a customer, and (day, what, how much), by day."""

    since: int | None = None
    entries: list[tuple[int, int, int]] = field(default_factory=list)
    sums: list[int] = field(default_factory=lambda: [0] * len(NAMES))
    gone: int = 0  # entries before this one have left the window
    first: int = 0  # the window's first day; it only moves on
    components: tuple[int, int, int] | None = None  # of `sums`, until they change

    def add(self, day: int, what: int, amount: int) -> None:
        """Count something; what lies before the window is not counted."""
        if day < self.first:
            return
        entry = (day, what, amount)
        if not self.entries or self.entries[-1] <= entry:
            self.entries.append(entry)
        else:
            insort(self.entries, entry, lo=self.gone)
        self._count(what, amount, 1)

    def _count(self, what: int, amount: int, sign: int) -> None:
        self.components = None
        if what == PAID:  # an order in one entry: a replay keeps a million of them
            self.sums[ORDERS] += sign
            self.sums[KEPT] += WHOLE * sign
            self.sums[SPENT] += amount * sign
        else:
            self.sums[what] += amount * sign

    def customer_since(self, day: int) -> None:
        """An order was paid on `day`."""
        if self.since is None or day < self.since:
            self.since = day

    def slide(self, first: int) -> None:
        """Let go what lies before `first`."""
        self.first = max(self.first, first)  # days asked about only move on
        while self.gone < len(self.entries) and self.entries[self.gone][0] < first:
            _day, what, amount = self.entries[self.gone]
            self._count(what, amount, -1)
            self.gone += 1

    def oldest(self) -> int | None:
        """The day of the oldest thing still counted."""
        return self.entries[self.gone][0] if self.gone < len(self.entries) else None


@dataclass(slots=True)
class Place:
    """Where a member stands. Days are ordinals; `look` is the next day worth an evaluation."""

    tier: str
    since: datetime
    grace_until: int | None = None
    base: str = ""  # the tier before the instant `at`, and the grace she had in it
    base_grace: int | None = None
    at: datetime | None = None
    look: int = NEVER
    measured: Measured = NOTHING


class Step(NamedTuple):
    """One change of a place."""

    turn: Turn
    at: datetime
    before: str
    after: str
    grace_until: int | None
    was: Measured
    measured: Measured
    is_heard: bool = False  # by facts, not by the calendar


class Scale:
    """A programme's standing rules with what is asked of them again and again.

    With `tiers_only` evaluations at which nothing but the standing itself can move are skipped: a
    replay asks for tiers, and measures standing when it ends.
    """

    def __init__(self, programme: Programme, *, tiers_only: bool = False) -> None:
        assert programme.standing is not None
        self.programme = programme
        self.rules: StandingRules = programme.standing
        self.days = programme.standing_window_days
        self.tiers = programme.tiers
        self.rank = {tier.key: rank for rank, tier in enumerate(programme.tiers)}
        self._least = {tier.key: tier.standing_min for tier in programme.tiers}
        most = sum(dict(self.rules.weights).values())
        self._reached = [tier_of(programme, total).key for total in range(max(most, 100) + 1)]
        self._height = [self.rank[key] for key in self._reached]
        self.is_yearly = self.rules.window == "calendar_year"
        self._is_all_told = not tiers_only

    def measure(self, sheet: Sheet, day: int) -> Measured:
        """Standing on `day`, not before any day asked about earlier."""
        first = first_day(self.rules, self.days, day)
        if first > sheet.first:
            sheet.slide(first)
        if sheet.components is None:
            sheet.components = components(self.rules, sheet.sums)
        return together(self.rules, duration(self.rules, sheet.since, day), *sheet.components)

    def reached(self, total: int) -> str:
        """The highest tier that a standing reaches."""
        return self._reached[total]

    def height(self, total: int) -> int:
        """How high that tier is; the first one is 0."""
        return self._height[total]

    def settled(self, place: Place, total: int) -> None:
        """Put a place whose tier this programme no longer has where its standing belongs."""
        if place.tier not in self.rank:
            place.tier = self.reached(total)
        if place.base not in self.rank:
            place.base = place.tier

    def least(self, tier: str) -> int:
        """The standing that `tier` asks for."""
        return self._least[tier]

    def goal(self, place: Place) -> int | None:
        """The next higher standing that must not be missed on its day."""
        total, least = place.measured.total, self._least[place.tier]
        if self._is_all_told:
            return total + 1
        if total < least:
            return least
        rank = self.rank[place.tier] + 1
        return self.tiers[rank].standing_min if rank < len(self.tiers) else None


def newcomer(scale: Scale, now: datetime, day: int) -> Place:
    """The place of somebody never heard of: the first tier."""
    first = scale.tiers[0].key
    return Place(first, now, base=first, look=day + 1)


def midnight(day: int) -> datetime:
    """The first instant of a day."""
    then = date.fromordinal(day)
    return datetime(then.year, then.month, then.day, tzinfo=UTC)


def tier_before(place: Place, now: datetime) -> str:
    """The tier in force at `now`: what was changed in this very instant is not seen."""
    return place.base if place.at == now else place.tier


def lift(scale: Scale, sheet: Sheet, place: Place, now: datetime, day: int) -> Step | None:
    """Look at a place after facts were counted at `now`: a higher tier is reached at once.

    What an earlier fact of the same instant reached is looked at again, so their order is nothing.
    """
    was, measured = place.measured, scale.measure(sheet, day)
    scale.settled(place, measured.total)
    if place.at != now:
        place.base, place.base_grace, place.at = place.tier, place.grace_until, now
    before = place.tier
    is_lifted = scale.height(measured.total) > scale.rank[place.base]
    after = scale.reached(measured.total) if is_lifted else place.base
    place.measured, place.grace_until = measured, None if is_lifted else place.base_grace
    if after != before:
        place.tier, place.since = after, now
    place.look = next_look(scale, sheet, place, day)
    if after == before and was == measured:
        return None
    turn: Turn = "moved" if after == before else "reached"
    if after != before and scale.rank[after] < scale.rank[before]:
        turn = "fell"
    return Step(turn, now, before, after, place.grace_until, was, measured, is_heard=True)


def catch_up(
    scale: Scale, sheet: Sheet, place: Place, day: int, keep: Callable[[Step], object] | None = None
) -> None:
    """Work off the evaluations that are due until `day`, oldest first; `keep` each change."""
    while place.look <= day:
        step = evaluate(scale, sheet, place, place.look)
        if step is not None and keep is not None:
            keep(step)


def evaluate(scale: Scale, sheet: Sheet, place: Place, day: int) -> Step | None:
    """Evaluate a place at the midnight that begins `day`."""
    new_year = scale.is_yearly and is_new_year(day)
    ended = scale.measure(sheet, day - 1).total if new_year else 0
    was, measured = place.measured, scale.measure(sheet, day)
    scale.settled(place, measured.total)
    before, grace = place.tier, place.grace_until
    turn = _turn(scale, place, measured.total, ended, day, is_due=new_year or not scale.is_yearly)
    place.measured = measured
    if place.tier != before:
        place.since = midnight(day)
    place.look = next_look(scale, sheet, place, day)
    if turn == "moved" and was == measured:
        return None
    until = place.grace_until if turn != "kept" else grace
    return Step(turn, midnight(day), before, place.tier, until, was, measured)


def _turn(scale: Scale, place: Place, total: int, ended: int, day: int, *, is_due: bool) -> Turn:
    """Move a place as its evaluation says; `ended` is the standing of the year that just ended."""
    reached = scale.reached(total)
    if scale.rank[reached] > scale.rank[place.tier]:
        place.tier, place.grace_until = reached, None
        return "reached"
    if not is_due and place.grace_until is None:
        return "moved"
    if max(total, ended) >= scale.least(place.tier):
        kept = place.grace_until is not None
        place.grace_until = None
        return "kept" if kept else "moved"
    if place.grace_until is None and scale.rules.grace_days:
        place.grace_until = day + scale.rules.grace_days
        return "grace"
    if place.grace_until is None or place.grace_until <= day:
        place.tier = scale.tiers[scale.rank[place.tier] - 1].key
        place.grace_until = None
        return "fell"
    return "moved"


def next_look(scale: Scale, sheet: Sheet, place: Place, day: int) -> int:
    """The next day after `day` on which an evaluation may change something.

    Nothing but the calendar moves a member between two facts: things leave the window, time makes
    her a customer for longer, grace ends, a year ends.
    """
    total, grace = place.measured.total, place.grace_until
    if scale.height(total) > scale.rank[place.tier]:
        return day + 1
    is_below = total < scale.least(place.tier)
    if is_below != (grace is not None) and not (is_below and scale.is_yearly):
        return day + 1
    soonest = NEVER if grace is None else grace
    if scale.is_yearly:
        soonest = min(soonest, new_year_after(day))
    elif (oldest := sheet.oldest()) is not None:
        soonest = min(soonest, leaves_on(scale.rules, scale.days, oldest))
    if (goal := scale.goal(place)) is not None:
        rise = rises_on(scale.rules, place.measured, sheet.since, goal)
        if rise is not None and rise < soonest:
            soonest = rise
    return soonest if soonest > day else day + 1


def tier_after(scale: Scale, place: Place) -> Tier | None:
    """The tier above a place; None at the top."""
    rank = scale.rank.get(place.tier, 0)
    return scale.tiers[rank + 1] if rank + 1 < len(scale.tiers) else None
