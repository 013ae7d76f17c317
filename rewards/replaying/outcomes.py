"""What came out of a replay, to be shown and to be kept. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from rewards.cards.past import Given
from rewards.documents import POINTS
from rewards.topups.replaying import UnitsGiven


@dataclass
class RuleCost:
    """What one rule gave of one commodity in the period (points or minor units), what of it
    refunds took back, and what caps withheld."""

    granted: int = 0
    clawed: int = 0
    grants: int = 0
    capped: int = 0
    members_capped: int = 0

    @property
    def net(self) -> int:
        return self.granted - self.clawed


#: Costs by the rule's key; what it gave of a currency stands under `cost_key`.
Costs = dict[str, RuleCost]


def cost_key(rule: str, commodity: str) -> str:
    """What a rule's cost is kept under: its key, and behind a colon what it gave unless points.

    A rule that once gave points and now gives store credit has two.
    """
    return rule if commodity == POINTS else f"{rule}:{commodity}"


def read_cost_key(key: str) -> tuple[str, str]:
    """The rule and the commodity of a cost."""
    rule, _colon, commodity = key.partition(":")
    return rule, commodity or POINTS


def by_commodity(costs: Costs) -> dict[str, int]:
    """What rules gave together less what refunds took back, by commodity; always of points."""
    found = {POINTS: 0}
    for key, cost in costs.items():
        commodity = read_cost_key(key)[1]
        found[commodity] = found.get(commodity, 0) + cost.net
    return found


@dataclass
class BudgetHit:
    """What one budget withheld by commodity, how often, and when for the first time.

    One that only warns withholds nothing: `beyond` is the most by which it was passed, in what it
    is counted in, and `times` by how many rewards.
    """

    withheld: dict[str, int] = field(default_factory=dict)
    times: int = 0
    first: str | None = None
    beyond: int = 0

    def happened(self, at: datetime) -> None:
        """Once more. Facts are heard in batches of a kind, so an earlier one may come later."""
        self.times += 1
        self.first = min(self.first or at.isoformat(), at.isoformat())


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
    """A replay held against what really happened: costs by rule, and who would move."""

    facts: int = 0
    replayed: Costs = field(default_factory=dict)
    actual: Costs = field(default_factory=dict)
    movers: list[Mover] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)  # costs of rules that never gave anything
    budgets: dict[str, BudgetHit] = field(default_factory=dict)
    gifts: dict[str, Given] = field(default_factory=dict)  # vouchers given away, by what gave them
    actual_gifts: dict[str, Given] = field(default_factory=dict)
    topups: dict[str, UnitsGiven] = field(default_factory=dict)  # before refunds
    actual_topups: dict[str, UnitsGiven] = field(default_factory=dict)

    @property
    def costs(self) -> dict[str, int]:
        """What it would have cost, by commodity."""
        return by_commodity(self.replayed)

    @property
    def actual_costs(self) -> dict[str, int]:
        """What it really cost, by commodity."""
        return by_commodity(self.actual)

    @property
    def cost(self) -> int:
        """What it would have cost in points."""
        return self.costs[POINTS]

    @property
    def actual_cost(self) -> int:
        """What it really cost in points."""
        return self.actual_costs[POINTS]

    def document(self) -> dict[str, Any]:
        """As JSON, to be kept."""
        return asdict(self)


def outcome_of(document: Mapping[str, Any]) -> Outcome:
    """An outcome as it was kept."""
    return Outcome(
        facts=document["facts"],
        replayed={key: RuleCost(**each) for key, each in document["replayed"].items()},
        actual={key: RuleCost(**each) for key, each in document["actual"].items()},
        movers=[Mover(**each) for each in document["movers"]],
        silent=list(document["silent"]),
        budgets={key: _hit(each) for key, each in document.get("budgets", {}).items()},
        gifts={key: Given(**each) for key, each in document.get("gifts", {}).items()},
        actual_gifts={key: Given(**each) for key, each in document.get("actual_gifts", {}).items()},
        **{
            name: {key: UnitsGiven(**each) for key, each in document.get(name, {}).items()}
            for name in ("topups", "actual_topups")
        },
    )


def _hit(document: Mapping[str, Any]) -> BudgetHit:
    """What a budget withheld; what was kept before there was store credit was points."""
    withheld = document["withheld"]
    if isinstance(withheld, int):
        withheld = {POINTS: withheld} if withheld else {}
    return BudgetHit(withheld, document["times"], document["first"], document.get("beyond", 0))
