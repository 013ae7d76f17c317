"""Standing as points granted in a window, as it would have been: programmes that weigh nothing."""

from __future__ import annotations

from bisect import insort
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rewards.rules import Programme, Tier, tier_of

#: Tier and standing by member.
Placed = dict[str, tuple[str, int]]


@dataclass(slots=True)
class Lot:
    """A grant as the past keeps it: only what standing, budgets and refunds need."""

    member_id: str
    rule: str
    commodity: str
    amount: int
    granted_at: datetime
    month: str  # of its fact: what budgets count it in
    clawed: int = 0
    counted: int = 0  # of `clawed`, what standing has heard of
    is_inside: bool = False  # counted in its member's standing right now
    in_period: bool = True
    fact_id: str = ""  # what it was granted for


@dataclass(slots=True)
class _Person:
    """The lots of one member that may count for her standing, oldest first."""

    lots: deque[Lot] = field(default_factory=deque)
    fresh: list[Lot] = field(default_factory=list)  # not from before this moment: do not count
    claws: deque[tuple[datetime, Lot, int]] = field(default_factory=deque)
    standing: int = 0


class PastPoints:
    """Members' lots, let in and let go as time goes by."""

    def __init__(self, rules: Programme) -> None:
        self.rules = rules
        self._window = timedelta(days=rules.standing_window_days)
        self._people: dict[str, _Person] = {}

    def keep(self, lot: Lot) -> None:
        """A lot was granted; it counts from the next moment on."""
        person = self._people.setdefault(lot.member_id, _Person())
        insort(person.fresh, lot, key=lambda each: each.granted_at)

    def take_back(self, lot: Lot, taken: int, now: datetime) -> None:
        """Part of a lot was taken back; it counts until this moment is over."""
        self._people[lot.member_id].claws.append((now, lot, taken))

    def tier(self, member_id: str, now: datetime) -> Tier:
        """The tier a member was in before `now`."""
        person = self._people.get(member_id)
        return tier_of(self.rules, self._settle(person, now) if person is not None else 0)

    def at(self, moment: datetime) -> Placed:
        """Everybody's tier and standing at `moment`, not before the last fact."""
        standings = {who: self._settle(person, moment) for who, person in self._people.items()}
        return {who: (tier_of(self.rules, total).key, total) for who, total in standings.items()}

    def _settle(self, person: _Person, now: datetime) -> int:
        """Let in what was granted and taken back before now, let go what left the window."""
        while person.claws and person.claws[0][0] < now:
            _moment, lot, taken = person.claws.popleft()
            lot.counted += taken
            if lot.is_inside:
                person.standing -= taken
        while person.fresh and person.fresh[0].granted_at < now:
            lot = person.fresh.pop(0)
            lot.is_inside = True
            person.lots.append(lot)
            person.standing += lot.amount - lot.counted
        while person.lots and person.lots[0].granted_at < now - self._window:
            lot = person.lots.popleft()
            lot.is_inside = False
            person.standing -= lot.amount - lot.counted
        return person.standing
