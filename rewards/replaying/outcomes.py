"""What came out of a replay, to be shown and to be kept. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from rewards.cards.past import Given
from rewards.topups.replaying import UnitsGiven


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
