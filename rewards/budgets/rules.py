"""Budgets: how much may be committed, by one rule or by all, in a month or ever. Pure.

Committed is what was granted (held, pending or paid) less what refunds took back. An award that
does not fit is not given (`stop`), given as far as it fits (`rest`), or given all the same while
the owners are warned (`warn`). Owners are told at 80 and at 100 per cent.

A budget counted in points counts points, and no store credit. One counted in money counts store
credit as it is and points at the stated worth of a hundred of them, rounded up: so it lets through
as many points as that much money surely pays for. The budget of a rule that gives store credit is
counted in money. One counted in vouchers counts those that rules, full cards and welcomes give,
each as one however often it can be used, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal

from pydantic import Field

from rewards.documents import POINTS, VOUCHER, Document, Key, Objection, RuleKey, objection

#: The scope of a budget that all rules share.
ALL = "*"
#: The period of a budget that never starts again.
EVER = "ever"
#: Per cent of a budget at which its owners are told.
LEVELS = (80, 100)

Period = Literal["month", "ever"]
AtCap = Literal["stop", "rest", "warn"]
#: What is committed under a scope.
Count = Callable[[str], int]


class Budget(Document):
    """At most `limit` (points, minor units of the programme's currency, vouchers) in a period.

    `rule` None: all rules together. Months are calendar months in UTC, by the day of the fact.
    """

    key: Key
    rule: RuleKey | None = None
    period: Period = "month"
    limit: Annotated[int, Field(ge=1, le=10**12)]
    unit: Literal["points", "money", "vouchers"] = "points"
    at_cap: AtCap = "rest"

    @property
    def is_hard(self) -> bool:
        """Whether it is never exceeded."""
        return self.at_cap != "warn"

    def period_of(self, month: str) -> str:
        """What it counts an award of `month` in."""
        return month if self.period == "month" else EVER


def scope_of(rule: str | None, commodity: str) -> str:
    """What is counted under one name: a rule's awards, or everybody's, of one commodity."""
    name = rule or ALL
    return name if commodity == POINTS else f"{name}:{commodity}"


def read_scope(scope: str) -> tuple[str | None, str]:
    """The rule (None: all) and the commodity that a scope says."""
    name, _colon, commodity = scope.partition(":")
    return None if name == ALL else name, commodity or POINTS


@dataclass(frozen=True, slots=True)
class Allowance:
    """A budget made ready to be asked: the scopes of points, of store credit and of vouchers that
    it counts, each None when it counts none. `worth` is that of 100 points in minor units, where it
    counts in money."""

    budget: Budget
    points: str | None = None
    credit: str | None = None
    worth: int | None = None
    vouchers: str | None = None

    @property
    def limit(self) -> int:
        return self.budget.limit

    @property
    def scopes(self) -> tuple[str, ...]:
        every = (self.points, self.credit, self.vouchers)
        return tuple(scope for scope in every if scope is not None)

    @property
    def home(self) -> str:
        """The scope whose counter remembers what owners were told."""
        return self.scopes[0]

    def committed(self, count: Count) -> int:
        """What is committed, in what the budget is counted in."""
        if self.vouchers:
            return count(self.vouchers)
        points = count(self.points) if self.points else 0
        credit = count(self.credit) if self.credit else 0
        return credit + (cost(points, self.worth) or 0) if self.worth else credit + points

    def room(self, scope: str, count: Count) -> int:
        """How much of what `scope` counts still fits; below 0 when too much is there already."""
        if scope == self.points and self.worth:
            credit = count(self.credit) if self.credit else 0
            return (self.limit - credit) * 100 // self.worth - count(scope)
        return self.limit - self.committed(count)


@dataclass(frozen=True)
class Allowed:
    """What budgets let through of an award, and which of them took the rest."""

    amount: int
    budget: str | None = None


def cost(points: int, worth: int | None) -> int | None:
    """What points cost in minor units, rounded up; None when the owner never said their worth."""
    return None if not worth else -(-points * worth // 100)


def ready(
    budgets: Iterable[Budget], worth: int | None, currency: str, rules: Mapping[str, str]
) -> tuple[Allowance, ...]:
    """Budgets made ready to be asked. `rules` says of each rule what it gives."""
    return tuple(_allowance(each, worth, currency, rules) for each in budgets)


def _allowance(
    budget: Budget, worth: int | None, currency: str, rules: Mapping[str, str]
) -> Allowance:
    points, credit = scope_of(budget.rule, POINTS), scope_of(budget.rule, currency)
    if budget.unit == "vouchers":
        return Allowance(budget, vouchers=scope_of(budget.rule, VOUCHER))
    if budget.rule is not None and rules.get(budget.rule) == "money":
        return Allowance(budget, None, credit)
    if budget.unit == "points":
        return Allowance(budget, points)
    if budget.rule is not None:
        return Allowance(budget, points, None, worth)
    return Allowance(budget, points if worth else None, credit, worth)


def allow(
    allowances: Iterable[Allowance],
    rule: str,
    commodity: str,
    amount: int,
    committed: Callable[[Allowance, str], int],
) -> Allowed:
    """How much of an award of `amount` by `rule` fits into every budget that speaks of it.

    `committed(allowance, scope)` says what is committed in the allowance's period.
    """
    own = {scope_of(rule, commodity), scope_of(None, commodity)}
    allowed, stopped_by = amount, None
    for allowance in allowances:
        scope = next((each for each in allowance.scopes if each in own), None)
        if scope is None or not allowance.budget.is_hard:
            continue
        room = max(allowance.room(scope, partial(committed, allowance)), 0)
        if allowed > room:
            allowed = 0 if allowance.budget.at_cap == "stop" else room
            stopped_by = allowance.budget.key
    return Allowed(allowed, stopped_by)


def level(committed: int, limit: int) -> int:
    """The highest of LEVELS that is reached; 0 below the first."""
    return max((each for each in LEVELS if committed * 100 >= limit * each), default=0)


def objections(
    budgets: Sequence[Budget], rules: Mapping[str, str], worth: int | None
) -> Iterator[Objection]:
    """Everything that keeps these budgets from being published. `rules` says of each rule what it
    gives."""
    seen, keys = set[tuple[str | None, str, bool]](), set[str]()
    for number, budget in enumerate(budgets):
        place = f"budgets-{number}"
        if budget.rule is not None and budget.rule not in rules:
            yield objection(
                f"{place}-rule",
                "There is no rule “%(rule)s” any more. Choose another, or remove its budget.",
                rule=budget.rule,
            )
        what = (budget.rule, budget.period, budget.unit == "vouchers")
        if what in seen or budget.key in keys:
            yield objection(
                f"{place}-rule", "There is a budget for this and this period already. Keep one."
            )
        seen.add(what)
        keys.add(budget.key)
        yield from _about_unit(place, budget, rules, worth)


def _about_unit(
    place: str, budget: Budget, rules: Mapping[str, str], worth: int | None
) -> Iterator[Objection]:
    spoken_of = set(rules.values()) if budget.rule is None else {rules.get(budget.rule, POINTS)}
    if budget.unit == "vouchers" and VOUCHER not in spoken_of:
        yield objection(f"{place}-unit", "What this counts gives no vouchers.")
    elif budget.unit != "vouchers" and spoken_of == {VOUCHER}:
        yield objection(
            f"{place}-unit", "What this counts gives vouchers only: count it in vouchers."
        )
    elif budget.unit == "points" and POINTS not in spoken_of:
        yield objection(
            f"{place}-unit", "What this counts gives store credit only: count it in money."
        )
    elif budget.unit == "money" and POINTS in spoken_of:
        if not worth:
            yield objection(
                f"{place}-unit", "Say what 100 points are worth to count a budget in money."
            )
        elif budget.limit * 100 // worth < 1:
            yield objection(f"{place}-limit", "This pays for less than one point. Raise it.")
