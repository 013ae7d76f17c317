"""Standing and tiers as pages ask for them: what a member's standing is and what the next asks.

A programme either weighs standing (`Programme.standing`: 0 to 100, tiers kept by standing.py), or,
in versions of before, counts points: those granted in the window, less those taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.tables import table_of
from rewards import tallies
from rewards.rules import Programme, Tier, next_tier, tier_of
from rewards.standing import store
from rewards.standing.climbing import Place, Scale, Sheet, catch_up, newcomer
from rewards.standing.models import MemberTier, StandingChange
from rewards.standing.rules import Measured
from rewards.standing.store import Kept


@dataclass(frozen=True)
class Standing:
    """A member's standing, the tier she is in and the one after that.

    `points` is the standing: 0 to 100 where it is weighed (`measured`), else a number of points.
    """

    points: int
    tier: Tier
    next: Tier | None
    measured: Measured | None = None
    since: datetime | None = None
    grace_until: date | None = None

    @property
    def missing(self) -> int:
        """What is missing to the next tier; 0 at the top."""
        return max(0, self.next.standing_min - self.points) if self.next else 0


def standing(session: Session, member_id: str, rules: Programme, at: datetime) -> Standing:
    """A member's standing under `rules` at `at`; what she spent makes no difference."""
    if rules.standing is not None:
        return weighed(rules, kept(session, member_id, rules, at), at)
    window = rules.standing_window_days
    points = tallies.standings_of(session, window, [member_id], at).get(member_id, 0)
    return Standing(points, tier_of(rules, points), next_tier(rules, points))


def kept(session: Session, member_id: str, rules: Programme, at: datetime) -> Kept:
    """A member's place and what is counted of her, with every evaluation until `at` done."""
    scale, today = Scale(rules), at.toordinal()
    found = store.read(session, scale, [member_id], today)
    each = found.get(member_id) or Kept(newcomer(scale, at, today), Sheet(), 0)
    catch_up(scale, each.sheet, each.place, today)
    each.place.measured = scale.measure(each.sheet, today)
    scale.settled(each.place, each.place.measured.total)
    return each


def weighed(rules: Programme, each: Kept, at: datetime) -> Standing:
    """A place as pages show it."""
    place = each.place
    rank = [tier.key for tier in rules.tiers].index(place.tier)
    is_above = rank + 1 < len(rules.tiers)
    is_in_danger = place.measured.total < rules.tiers[rank].standing_min
    running = place.grace_until is not None and is_in_danger
    return Standing(
        points=place.measured.total,
        tier=rules.tiers[rank],
        next=rules.tiers[rank + 1] if is_above else None,
        measured=place.measured,
        since=place.since if each.changes else None,
        grace_until=date.fromordinal(place.grace_until or 1) if running else None,
    )


def tiers_of(
    session: Session, rules: Programme, member_ids: Sequence[str] | None, at: datetime
) -> dict[str, str]:
    """The key of the tier of each of `member_ids` (None: of everybody) who is not in the first
    one for want of any standing; where it is weighed, as the last evaluation left it."""
    if rules.standing is None:
        wanted = None if member_ids is None else list(member_ids)
        points = tallies.standings_of(session, rules.standing_window_days, wanted, at)
        return {member_id: tier_of(rules, total).key for member_id, total in points.items()}
    query = select(MemberTier.member_id, MemberTier.tier, MemberTier.standing)
    if member_ids is not None:
        query = query.where(MemberTier.member_id.in_(member_ids))
    known = {tier.key for tier in rules.tiers}
    return {
        member_id: tier if tier in known else tier_of(rules, total).key
        for member_id, tier, total in session.execute(query)
    }


def really_at(session: Session, rules: Programme, moment: datetime) -> dict[str, tuple[str, int]]:
    """Tier and standing that members had at `moment`, by the rules in force: what replays are held
    against. Who never had any standing is left out."""
    if rules.standing is None:
        points = tallies.standings_of(session, rules.standing_window_days, None, moment)
        return {
            member_id: (tier_of(rules, total).key, total) for member_id, total in points.items()
        }
    found = _now(session, Scale(rules), moment.toordinal())
    return found | _before_changes(session, moment)


def _now(session: Session, scale: Scale, day: int) -> dict[str, tuple[str, int]]:
    """Everybody's tier and standing on `day` if nothing more is heard until then."""
    places: dict[str, Place] = {}
    for row in session.execute(select(MemberTier.__table__)):
        places[row.member_id] = store.place_of(row)
    late = [member_id for member_id, place in places.items() if place.look <= day]
    for chunk in store.chunks(late):
        for member_id, each in store.read(session, scale, chunk, day).items():
            catch_up(scale, each.sheet, each.place, day)
            places[member_id] = each.place
    for place in places.values():
        scale.settled(place, place.measured.total)
    return {member_id: (place.tier, place.measured.total) for member_id, place in places.items()}


def _before_changes(session: Session, moment: datetime) -> dict[str, tuple[str, int]]:
    """Tier and standing before the first change at or after `moment`."""
    columns = table_of(StandingChange).c
    changes = session.execute(
        select(columns.member_id, columns.before, columns.was)
        .where(columns.at >= moment)
        .order_by(columns.at, columns.number)
    )
    found: dict[str, tuple[str, int]] = {}
    for member_id, before, was in changes:
        found.setdefault(member_id, (before, int(was["total"])))
    return found


__all__ = ["Standing", "kept", "really_at", "standing", "tier_of", "tiers_of", "weighed"]
