"""Replay: what a programme would have cost over what really happened, and whom it would move.

The facts of the period go through the same engine as live ones, in the order in which they were
heard (what was heard in one instant by kind, refunds last), against tallies in memory that start
from the real grants before the period. Refunds take back here as they do there. So the programme
in force, replayed over the time it is in force, gives what the ledger holds, to the unit. Nothing
is written, and facts are read as a stream.
"""

from __future__ import annotations

import gc
from bisect import insort
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from foundation.facts import Fact
from foundation.tables import table_of
from rewards import tallies
from rewards.budgets.rules import ALL, EVER
from rewards.cards import past as past_gifts
from rewards.cards.past import Given, PastGifts
from rewards.engine import Award, Engine, caps_of
from rewards.happenings import FACTS, day_of
from rewards.models import Clawback, Grant
from rewards.rules import (
    Happened,
    Programme,
    Tier,
    counts_times,
    month_of,
    order_reference,
    share_taken_back,
    tier_of,
)
from rewards.standing import past as standing_past
from rewards.standing import tiers
from rewards.standing.past import PastPlaces
from rewards.topups import replaying as topups
from rewards.topups.replaying import UnitsGiven

FACT = table_of(Fact)
#: A fact as the engine sees it, and when it was heard.
COLUMNS = [*(FACT.c[name] for name in Happened._fields), FACT.c.recorded_at]
Told = tuple[Happened, datetime]

REFUND = "order.refunded"
#: Facts between two reports of progress, and rows fetched at a time.
STEP = 5_000

#: In what order kinds heard in one instant are worked off, as they are live: what follows from an
#: order comes after it.
ORDER = case({kind: place for place, kind in enumerate(FACTS)}, value=FACT.c.kind, else_=len(FACTS))

Progress = Callable[[int, int], None]


@dataclass
class RuleCost:
    """What one rule gave in the period, what of it refunds took back, and what caps withheld."""

    granted: int = 0
    clawed: int = 0
    grants: int = 0
    capped: int = 0
    members_capped: int = 0

    @property
    def net(self) -> int:
        return self.granted - self.clawed


@dataclass
class BudgetHit:
    """What one budget withheld, how often, and when for the first time."""

    withheld: int = 0
    times: int = 0
    first: str | None = None


@dataclass(frozen=True)
class Mover:
    """A member whose tier would differ at the end of the period."""

    member_id: str
    before: str
    after: str
    is_up: bool
    standing_before: int
    standing_after: int


@dataclass
class Outcome:
    """A replay held against what really happened: points by rule key, and who would move."""

    commodity: str = "points"
    facts: int = 0
    replayed: dict[str, RuleCost] = field(default_factory=dict)
    actual: dict[str, RuleCost] = field(default_factory=dict)
    movers: list[Mover] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)  # rules that never gave anything
    budgets: dict[str, BudgetHit] = field(default_factory=dict)
    gifts: dict[str, Given] = field(default_factory=dict)  # vouchers given away, by what gave them
    actual_gifts: dict[str, Given] = field(default_factory=dict)
    topups: dict[str, UnitsGiven] = field(default_factory=dict)  # before refunds
    actual_topups: dict[str, UnitsGiven] = field(default_factory=dict)

    @property
    def cost(self) -> int:
        return sum(each.net for each in self.replayed.values())

    @property
    def actual_cost(self) -> int:
        return sum(each.net for each in self.actual.values())

    def document(self) -> dict[str, Any]:
        """As JSON, to be kept."""
        return asdict(self)


def outcome_of(document: Mapping[str, Any]) -> Outcome:
    """An outcome as it was kept."""
    return Outcome(
        commodity=document["commodity"],
        facts=document["facts"],
        replayed={key: RuleCost(**each) for key, each in document["replayed"].items()},
        actual={key: RuleCost(**each) for key, each in document["actual"].items()},
        movers=[Mover(**each) for each in document["movers"]],
        silent=list(document["silent"]),
        budgets={key: BudgetHit(**each) for key, each in document.get("budgets", {}).items()},
        gifts={key: Given(**each) for key, each in document.get("gifts", {}).items()},
        actual_gifts={key: Given(**each) for key, each in document.get("actual_gifts", {}).items()},
        **{
            name: {key: UnitsGiven(**each) for key, each in document.get(name, {}).items()}
            for name in ("topups", "actual_topups")
        },
    )


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no garbage meanwhile: a replay makes millions of things and lets go of none of them
    until it ends, and to go through them again and again took a third of its time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_uncollected()
def replay(
    session: Session,
    rules: Programme,
    start: datetime,
    end: datetime,
    *,
    in_force: Programme | None = None,
    progress: Progress = lambda done, total: None,
) -> Outcome:
    """Run `rules` over the facts that happened from `start` until before `end`.

    `in_force` tells the tiers that members really have, for the comparison (None: `rules`).
    `progress(done, total)` is called every few thousand facts.
    """
    past = _Past(rules, start)
    past.begin(session, start, end)
    kinds = kinds_of(rules) | past.gifts.kinds
    total = count(session, kinds, start, end)
    outcome = Outcome(replayed={rule.key: RuleCost() for rule in rules.paying})
    for told in _stream(session, kinds, start, end):
        for happened, heard_at in told:
            past.hear(happened, heard_at, outcome)
        outcome.facts += len(told)
        progress(outcome.facts, total)
    past.fill(past.gifts.rest(), outcome)
    progress(total, total)
    _finish(session, outcome, past, rules, in_force or rules, start, end)
    return outcome


def kinds_of(rules: Programme) -> set[str]:
    """The facts that a replay of `rules` must read."""
    earning = {rule.fact for rule in rules.earning}
    return earning | {REFUND, *standing_past.kinds(rules), *past_gifts.kinds(rules)}


def count(session: Session, kinds: set[str], start: datetime, end: datetime) -> int:
    """How many facts of `kinds` happened in the period."""
    return (
        session.scalar(
            select(func.count()).where(Fact.kind.in_(kinds), Fact.at >= start, Fact.at < end)
        )
        or 0
    )


def _stream(
    session: Session, kinds: set[str], start: datetime, end: datetime
) -> Iterator[list[Told]]:
    """The facts of the period in the order in which they were heard, some thousand at a time."""
    query = (
        select(*COLUMNS)
        .where(FACT.c.kind.in_(kinds), FACT.c.at >= start, FACT.c.at < end)
        .order_by(FACT.c.recorded_at, ORDER, FACT.c.at, FACT.c.id)
    )
    rows = session.execute(query, execution_options={"yield_per": STEP})
    for some in rows.partitions():
        yield [(Happened(*row[:-1]), row[-1]) for row in some]


@dataclass(slots=True)
class _Lot:
    """A grant as the past keeps it: only what standing and refunds need."""

    member_id: str
    rule: str
    amount: int
    granted_at: datetime
    month: str  # of its fact: what budgets count it in
    clawed: int = 0
    counted: int = 0  # of `clawed`, what standing has heard of
    is_inside: bool = False  # counted in its member's standing right now
    in_period: bool = True


@dataclass(slots=True)
class _Person:
    """The lots of one member that may count for her standing, oldest first."""

    lots: deque[_Lot] = field(default_factory=deque)
    fresh: list[_Lot] = field(default_factory=list)  # not from before this moment: do not count
    claws: deque[tuple[datetime, _Lot, int]] = field(default_factory=deque)
    standing: int = 0


class _Past:
    """Members as they would have been, moved forward fact by fact; the engine's `State`."""

    def __init__(self, rules: Programme, start: datetime) -> None:
        self.rules = rules
        self.engine = Engine(rules)
        self.now = start  # when the present fact was heard
        self.places = PastPlaces(rules, start) if rules.standing is not None else None
        self.gifts = PastGifts(rules)
        self._engines = {past_gifts.REPLAYED: self.engine}
        self._has_gifts = False
        self._has_budgets = bool(rules.budgets)
        self._window = timedelta(days=rules.standing_window_days)
        self._people: dict[str, _Person] = {}
        self._given: dict[tuple[str, str, str | None], int] = {}
        self._resting: dict[str, list[_Lot]] = {}
        self._caps = {rule.key: caps for rule in rules.earning if (caps := caps_of(rule))}
        self._capped: dict[str, set[str]] = {}
        self._committed: dict[tuple[str, str], int] = {}  # by period and scope
        self._times = _Times(counts_times(rules))
        self._number = 0

    def begin(self, session: Session, start: datetime, end: datetime) -> None:
        """Start from the grants for what happened before `start`."""
        if self.places is not None:
            self.places.begin(session)
        self.gifts.begin(session, start, end)
        self._has_gifts = self.gifts.is_asked
        for number, rules in self.gifts.programmes.items():  # of cards that were begun before
            self._engines.setdefault(number, Engine(rules))
            self._has_budgets = self._has_budgets or bool(rules.budgets)
        taken = _taken_back_before(session, start)
        columns = (Grant.id, Grant.member_id, Grant.rule, Grant.amount, Grant.granted_at)
        counts = Grant.granted_at >= start - self._window
        if self._has_budgets:  # a refund makes room in them however old its order is
            counts = or_(counts, Grant.basis.is_not(None))
        query = (
            select(*columns, Grant.fact_at, Grant.basis)
            .where(Grant.fact_at < start, counts)
            .order_by(Grant.granted_at, Grant.id)
        )
        for id, member_id, rule, amount, granted_at, fact_at, basis in session.execute(query):
            back, month = taken.get(id, 0), month_of(fact_at)
            lot = _Lot(member_id, rule, amount, granted_at, month, back, back, in_period=False)
            self._keep(lot, basis)
        self._begin_caps(session, start)
        self._times.begin(session, start)
        if self._has_budgets:
            self._begin_budgets(session, start)

    def _begin_budgets(self, session: Session, start: datetime) -> None:
        month = month_of(start)
        first, _ = tallies.bounds(month)
        for since, period in ((None, EVER), (first, month)):
            for rule, points in _net_before(session, start, since):
                self._commit(rule, period, points)

    def _commit(self, rule: str, period: str, points: int) -> None:
        for scope in (rule, ALL):
            key = (period, scope)
            self._committed[key] = self._committed.get(key, 0) + points

    def _begin_caps(self, session: Session, start: datetime) -> None:
        caps = [(rule, cap) for rule, several in self._caps.items() for cap in several]
        for span in (None, month_of(start), day_of(start)):
            rules = [rule for rule, cap in caps if cap.span(start) == span]
            if rules:
                self._begin_span(session, start, rules, span)

    def _begin_span(
        self, session: Session, start: datetime, rules: list[str], span: str | None
    ) -> None:
        # In the order of `fact_at` rather than grouped: SQLite would look up every grant.
        query = select(Grant.member_id, Grant.rule, Grant.amount).where(
            Grant.fact_at < start, Grant.rule.in_(rules)
        )
        if span is not None:
            query = query.where(Grant.fact_at >= tallies.bounds(span)[0])
        for member_id, rule, amount in session.execute(query.order_by(Grant.fact_at)):
            key = (member_id, rule, span)
            self._given[key] = self._given.get(key, 0) + amount

    def _keep(self, lot: _Lot, basis: str | None) -> None:
        if self.places is None:
            person = self._people.setdefault(lot.member_id, _Person())
            insort(person.fresh, lot, key=lambda each: each.granted_at)
        if basis is not None:
            self._resting.setdefault(basis, []).append(lot)

    # What the engine asks.

    def tier(self, member_id: str) -> Tier:
        if self.places is not None:
            return self.places.tier(member_id, self.now)
        person = self._people.get(member_id)
        return tier_of(self.rules, self._settle(person) if person is not None else 0)

    def _settle(self, person: _Person) -> int:
        """Let in what was granted and taken back before now, let go what left the window."""
        while person.claws and person.claws[0][0] < self.now:
            _moment, lot, taken = person.claws.popleft()
            lot.counted += taken
            if lot.is_inside:
                person.standing -= taken
        while person.fresh and person.fresh[0].granted_at < self.now:
            lot = person.fresh.pop(0)
            lot.is_inside = True
            person.lots.append(lot)
            person.standing += lot.amount - lot.counted
        while person.lots and person.lots[0].granted_at < self.now - self._window:
            lot = person.lots.popleft()
            lot.is_inside = False
            person.standing -= lot.amount - lot.counted
        return person.standing

    def given(self, member_id: str, rule: str, span: str | None) -> int:
        return self._given.get((member_id, rule, span), 0)

    def committed(self, scope: str, period: str) -> int:
        return self._committed.get((period, scope), 0)

    def times(self, fact: Happened) -> int:
        return self._number

    # What happens.

    def hear(self, fact: Happened, heard_at: datetime, outcome: Outcome) -> None:
        """Do what earning, clawing back and standing would have done with a fact."""
        if self._has_gifts:
            self.fill(self.gifts.hear(fact, heard_at), outcome)
        self.now = heard_at
        if fact.kind == REFUND:
            self.refund(fact, outcome)
        else:
            self.give(fact, outcome)
        if self.places is not None:
            self.places.hear(fact, heard_at)

    def fill(self, cards: Iterable[Happened], outcome: Outcome) -> None:
        """Pay full cards, each by the version whose terms it keeps."""
        for fact in cards:
            self._pay(self._engines[fact.details["programme"]], fact, outcome)

    def give(self, fact: Happened, outcome: Outcome) -> None:
        self._number = self._times.number(fact, self.now)
        self._pay(self.engine, fact, outcome)

    def _pay(self, engine: Engine, fact: Happened, outcome: Outcome) -> None:
        for award in engine.awards(fact, self):
            cost = outcome.replayed.setdefault(award.rule, RuleCost())
            if award.capped:
                cost.capped += award.capped
                self._capped.setdefault(award.rule, set()).add(award.member_id)
                _note_budget(outcome, award, fact)
            if award.amount:
                cost.granted += award.amount
                cost.grants += 1
                self._add(award, fact)

    def _add(self, award: Award, fact: Happened) -> None:
        for cap in self._caps.get(award.rule, ()):
            key = (award.member_id, award.rule, cap.span(fact.at))
            self._given[key] = self._given.get(key, 0) + award.amount
        month = ""
        if self._has_budgets:
            month = month_of(fact.at)
            for period in (month, EVER):
                self._commit(award.rule, period, award.amount)
        if self.places is None or award.basis is not None:
            lot = _Lot(award.member_id, award.rule, award.amount, self.now, month)
            self._keep(lot, award.basis)

    def refund(self, fact: Happened, outcome: Outcome) -> None:
        details = fact.details
        for lot in self._resting.get(order_reference(str(details["order"])), ()):
            due = share_taken_back(lot.amount, details["refunded_total"], details["total"])
            self._take_back(lot, due - lot.clawed, outcome)
        for card in self.gifts.refund(fact):
            for lot in self._resting.get(card, ()):
                self._take_back(lot, lot.amount - lot.clawed, outcome)

    def _take_back(self, lot: _Lot, taken: int, outcome: Outcome) -> None:
        if taken <= 0:
            return
        lot.clawed += taken
        if self._has_budgets:
            for period in (lot.month, EVER):
                self._commit(lot.rule, period, -taken)
        if self.places is None:
            self._people[lot.member_id].claws.append((self.now, lot, taken))
        if lot.in_period:
            outcome.replayed[lot.rule].clawed += taken

    def capped(self, rule: str) -> int:
        """How many members a cap of `rule` stopped."""
        return len(self._capped.get(rule, ()))

    def at(self, moment: datetime) -> Placed:
        """Everybody's tier and standing at `moment`, not before the last fact."""
        if self.places is not None:
            return self.places.at(moment)
        self.now = moment
        found = {}
        for member_id, person in self._people.items():
            standing = self._settle(person)
            found[member_id] = (tier_of(self.rules, standing).key, standing)
        return found


class _Times:
    """How manieth time each member does what a rule counts, in the order in which we were told."""

    def __init__(self, asked: frozenset[str]) -> None:
        self._asked = asked
        self._so_far: dict[tuple[str, str | None], int] = {}
        self._late: deque[tuple[str, str | None, datetime]] = deque()

    def begin(self, session: Session, start: datetime) -> None:
        """Count what happened before `start`; what was told of it later is counted then."""
        if not self._asked:
            return
        told = (Fact.kind.in_(self._asked), Fact.at < start)
        before = (
            select(Fact.kind, Fact.member_id, func.count())
            .where(*told, Fact.recorded_at < start)
            .group_by(Fact.kind, Fact.member_id)
        )
        self._so_far = {(kind, who): int(count) for kind, who, count in session.execute(before)}
        late = (
            select(Fact.kind, Fact.member_id, Fact.recorded_at)
            .where(*told, Fact.recorded_at >= start)
            .order_by(Fact.recorded_at)
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


def _note_budget(outcome: Outcome, award: Award, fact: Happened) -> None:
    kind, _colon, key = (award.cause or "").partition(":")
    if kind == "budget":
        hit = outcome.budgets.setdefault(key, BudgetHit())
        hit.withheld += award.capped
        hit.times += 1
        hit.first = hit.first or fact.at.isoformat()


def _net_before(
    session: Session, start: datetime, since: datetime | None
) -> Iterator[tuple[str, int]]:
    """Points granted by rule for what happened before `start`, less those back by then."""
    inside = [Grant.fact_at < start]
    if since is not None:
        inside.append(Grant.fact_at >= since)
    granted = select(Grant.rule, func.sum(Grant.amount)).where(*inside).group_by(Grant.rule)
    for rule, points in session.execute(granted):
        yield rule, int(points)
    taken = (
        select(Grant.rule, func.sum(Clawback.amount))
        .join(Clawback, Clawback.grant_id == Grant.id)
        .join(Fact, Fact.id == Clawback.fact_id)
        .where(*inside, Fact.at < start)
        .group_by(Grant.rule)
    )
    for rule, points in session.execute(taken):
        yield rule, -int(points)


def _taken_back_before(session: Session, start: datetime) -> dict[str, int]:
    query = (
        select(Clawback.grant_id, func.sum(Clawback.amount))
        .join(Fact, Fact.id == Clawback.fact_id)
        .where(Fact.at < start)
        .group_by(Clawback.grant_id)
    )
    return {grant_id: int(total) for grant_id, total in session.execute(query)}


# The comparison.


def _finish(
    session: Session,
    outcome: Outcome,
    past: _Past,
    rules: Programme,
    in_force: Programme,
    start: datetime,
    end: datetime,
) -> None:
    for key, cost in outcome.replayed.items():
        cost.members_capped = past.capped(key)
    outcome.actual = actual(session, start, end)
    outcome.gifts = past.gifts.given
    outcome.actual_gifts = past_gifts.really_given(session, start, end)
    outcome.silent = [key for key, cost in outcome.replayed.items() if cost.grants == 0]
    outcome.topups = topups.replayed(session, rules, start, end)
    outcome.actual_topups = topups.really(session, start, end)
    real = tiers.really_at(session, in_force, end)
    outcome.movers = _movers(rules, in_force, real, past.at(end))


def actual(session: Session, start: datetime, end: datetime) -> dict[str, RuleCost]:
    """What was really granted for facts of the period, by rule, and taken back within it."""
    costs: dict[str, RuleCost] = {}
    granted = (
        select(
            Grant.rule,
            func.sum(Grant.amount),
            func.count(),
            func.sum(Grant.capped),
        )
        .where(Grant.fact_at >= start, Grant.fact_at < end)
        .group_by(Grant.rule)
    )
    for rule, amount, grants, capped in session.execute(granted):
        costs[rule] = RuleCost(granted=int(amount), grants=grants, capped=int(capped))
    clawed = (
        select(Grant.rule, func.sum(Clawback.amount))
        .join(Clawback, Clawback.grant_id == Grant.id)
        .join(Fact, Fact.id == Clawback.fact_id)
        .where(Grant.fact_at >= start, Grant.fact_at < end, Fact.at >= start, Fact.at < end)
        .group_by(Grant.rule)
    )
    for rule, amount in session.execute(clawed):
        costs[rule].clawed = int(amount)
    return costs


Placed = dict[str, tuple[str, int]]  # tier and standing by member


def _movers(rules: Programme, in_force: Programme, real: Placed, replayed: Placed) -> list[Mover]:
    movers = []
    nobody = (in_force.tiers[0].key, 0), (rules.tiers[0].key, 0)
    for member_id in real.keys() | replayed.keys():
        before, was = real.get(member_id, nobody[0])
        after, would = replayed.get(member_id, nobody[1])
        if before != after:
            is_up = _height(rules, after) > _height(in_force, before)
            movers.append(Mover(member_id, before, after, is_up, was, would))
    return sorted(movers, key=lambda m: (not m.is_up, -m.standing_after, m.member_id))


def _height(rules: Programme, key: str) -> tuple[int, int]:
    """How high a tier is, also beside the tiers of another programme."""
    place = [tier.key for tier in rules.tiers].index(key)
    return rules.tiers[place].earn_percent, place
