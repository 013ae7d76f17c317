"""Standing and tiers: what a member's last months add up to, and what the next tier asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from rewards import tallies
from rewards.rules import Programme, Tier, next_tier, tier_of


@dataclass(frozen=True)
class Standing:
    """A member's standing in points, the tier it reaches and the one after that."""

    points: int
    tier: Tier
    next: Tier | None

    @property
    def missing(self) -> int:
        """Points of standing to the next tier; 0 at the top."""
        return self.next.standing_min - self.points if self.next else 0


def standing(session: Session, member_id: str, rules: Programme, at: datetime) -> Standing:
    """A member's standing under `rules` at `at`: points granted in the window before it, less
    those taken back; what was spent makes no difference."""
    window = rules.standing_window_days
    points = tallies.standings_of(session, window, [member_id], at).get(member_id, 0)
    return Standing(points, tier_of(rules, points), next_tier(rules, points))


__all__ = ["Standing", "standing", "tier_of"]
