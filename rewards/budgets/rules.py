"""Budgets: how much may be committed, by one rule or by all, in a month or ever. Pure.

Committed is what was granted (held, pending or paid) less what refunds took back. An award that
does not fit is not given (`stop`), given as far as it fits (`rest`), or given all the same while
the owners are warned (`warn`). Owners are told at 80 and at 100 per cent.

A budget in money is one in points at the stated worth of a hundred points: as many points as that
much money surely pays for, rounded down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from rewards.documents import Document, Key, Objection, objection

#: The scope of a budget that all rules share.
ALL = "*"
#: The period of a budget that never starts again.
EVER = "ever"
#: Per cent of a budget at which its owners are told.
LEVELS = (80, 100)

Period = Literal["month", "ever"]
AtCap = Literal["stop", "rest", "warn"]


class Budget(Document):
    """At most `limit` (points, or minor units of the programme's currency) in a period.

    `rule` None: all rules together. Months are calendar months in UTC, by the day of the fact.
    """

    key: Key
    rule: Key | None = None
    period: Period = "month"
    limit: Annotated[int, Field(ge=1, le=10**12)]
    unit: Literal["points", "money"] = "points"
    at_cap: AtCap = "rest"

    @property
    def scope(self) -> str:
        return self.rule or ALL

    @property
    def is_hard(self) -> bool:
        """Whether it is never exceeded."""
        return self.at_cap != "warn"

    def speaks_of(self, rule: str) -> bool:
        return self.rule is None or self.rule == rule

    def period_of(self, month: str) -> str:
        """What it counts an award of `month` in."""
        return month if self.period == "month" else EVER


@dataclass(frozen=True)
class Allowed:
    """What budgets let through of an award, and which of them took the rest."""

    amount: int
    budget: str | None = None


def points_limit(budget: Budget, worth: int | None) -> int:
    """A budget in points; `worth` is that of 100 points in minor units."""
    if budget.unit == "points":
        return budget.limit
    return budget.limit * 100 // worth if worth else 0


def cost(points: int, worth: int | None) -> int | None:
    """What points cost in minor units, rounded up; None when the owner never said their worth."""
    return None if not worth else -(-points * worth // 100)


def allow(
    budgets: Iterable[Budget],
    worth: int | None,
    rule: str,
    amount: int,
    committed: Callable[[Budget], int],
) -> Allowed:
    """How much of an award of `amount` by `rule` fits into every budget that speaks of it."""
    allowed, stopped_by = amount, None
    for budget in budgets:
        if not budget.is_hard or not budget.speaks_of(rule):
            continue
        room = max(points_limit(budget, worth) - committed(budget), 0)
        if allowed > room:
            allowed = 0 if budget.at_cap == "stop" else room
            stopped_by = budget.key
    return Allowed(allowed, stopped_by)


def level(committed: int, limit: int) -> int:
    """The highest of LEVELS that is reached; 0 below the first."""
    return max((each for each in LEVELS if committed * 100 >= limit * each), default=0)


def objections(
    budgets: Sequence[Budget], rules: Iterable[str], worth: int | None
) -> Iterator[Objection]:
    """Everything that keeps these budgets from being published."""
    known, seen, keys = frozenset(rules), set[tuple[str, str]](), set[str]()
    for number, budget in enumerate(budgets):
        place = f"budgets-{number}"
        if budget.rule is not None and budget.rule not in known:
            yield objection(
                f"{place}-rule",
                "There is no rule “%(rule)s” any more. Choose another, or remove its budget.",
                rule=budget.rule,
            )
        if (budget.scope, budget.period) in seen or budget.key in keys:
            yield objection(
                f"{place}-rule", "There is a budget for this and this period already. Keep one."
            )
        seen.add((budget.scope, budget.period))
        keys.add(budget.key)
        if budget.unit == "money" and not worth:
            yield objection(
                f"{place}-unit", "Say what 100 points are worth to count a budget in money."
            )
        elif points_limit(budget, worth) < 1:
            yield objection(f"{place}-limit", "This pays for less than one point. Raise it.")
