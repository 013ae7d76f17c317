"""Replay: what a programme would have cost over what really happened, and whom it would move.

The facts of the period (`reading`) go through the same engine as live ones, in the order in which
they were heard (what was heard in one instant by kind, refunds last), against tallies in memory
(`past`, and `points` where standing is points) that start from the real grants before the period
(`before`). Refunds take back here as they do there. What happened at another time and is told
meanwhile counts as what it really earned (`outside`). So any version, replayed over the time it was
in force, gives what the ledger holds, to the unit. Nothing is written, and facts are read as a
stream; the outcome (`outcomes`) is held against what really happened (`comparing`).
"""

from rewards.replaying.comparing import actual as actual
from rewards.replaying.outcomes import Mover as Mover
from rewards.replaying.outcomes import Outcome as Outcome
from rewards.replaying.outcomes import RuleCost as RuleCost
from rewards.replaying.outcomes import cost_key as cost_key
from rewards.replaying.outcomes import outcome_of as outcome_of
from rewards.replaying.outcomes import read_cost_key as read_cost_key
from rewards.replaying.reading import count as count
from rewards.replaying.reading import kinds_of as kinds_of
from rewards.replaying.running import replay as replay
