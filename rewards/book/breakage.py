"""Breakage: the share of points that will never be spent, estimated from the house's own history.

    rate = 1 - spent / (earned - taken back)

over everything earned at least HORIZON days ago (the matured cohorts), what was spent being
matched first in, first out. Expected to be spent is then outstanding × (1 - rate). This is the
redemption rate of past cohorts by which IFRS 15 (B44 to B47, customers' unexercised rights) and
ASC 606-10-55-46 to 49 let a business recognise breakage once it can be estimated.

The one rate is taken for points of every age. The older ones are less likely to be spent than the
younger, so on the whole the estimate errs towards owing more. With a history too short there is no
estimate, and all of it counts as owed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

#: How long members had to spend what the rate is taken from.
HORIZON = timedelta(days=365)
#: How many days of such cohorts there must be: less is one season, and no season is like the next.
COHORTS = timedelta(days=90)


@dataclass(frozen=True)
class Estimate:
    """The rate, and what it was taken from; without a rate, the day from which there is one."""

    earned: int
    taken_back: int
    spent: int
    rate: float | None
    possible_from: datetime

    def never_spent(self, outstanding: int) -> int:
        """How much of what is outstanding is expected never to be spent, rounded down."""
        if self.rate is None:
            return 0
        kept = self.earned - self.taken_back
        return outstanding * (kept - self.spent) // kept


def estimate(earned: int, taken_back: int, spent: int, since: datetime, now: datetime) -> Estimate:
    """The estimate from what was earned before `now` - HORIZON; `since` is when earning began."""
    possible_from = since + HORIZON + COHORTS
    kept = earned - taken_back
    rate = (kept - spent) / kept if now >= possible_from and kept > 0 else None
    return Estimate(earned, taken_back, spent, rate, possible_from)
