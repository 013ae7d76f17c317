"""Running a replay: every fact of the period, in order, through the past as it would have been."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from foundation.garbage import uncollected
from rewards import programme
from rewards.replaying.comparing import compare
from rewards.replaying.outcomes import Outcome, RuleCost, cost_key
from rewards.replaying.outside import Outside
from rewards.replaying.past import Past
from rewards.replaying.reading import extent, kinds_of, stream
from rewards.rules import VOUCHER, Programme, commodity_of

Progress = Callable[[int, int], None]


@uncollected()
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
    past = Past(rules, start, end)
    kinds = kinds_of(rules)
    total, until = extent(session, kinds, start, end)
    outside = Outside(session, start, end, until)
    versions = programme.versions(session) if outside.is_any else []
    past.begin(session, start, until, {each.number: each.rules for each in versions})
    gives = {rule.key: commodity_of(rules, rule) for rule in rules.paying}
    booked = [cost_key(key, commodity) for key, commodity in gives.items() if commodity != VOUCHER]
    outcome = Outcome(replayed={key: RuleCost() for key in booked})
    for told in stream(session, kinds, start, end):
        for happened, heard_at in told:
            if outside.heard_at <= heard_at:
                for other in outside.before(happened, heard_at):
                    past.hear_outside(other, outcome)
            past.hear(happened, heard_at, outcome)
        outcome.facts += len(told)
        progress(outcome.facts, total)
    for other in outside.rest():
        past.hear_outside(other, outcome)
    past.fill(past.gifts.rest(), outcome)
    past.finish()
    progress(total, total)
    compare(session, outcome, past, rules, in_force or rules, start, end)
    return outcome
