"""Keeping standing: facts are counted as they are heard, and tiers follow from the counters.

Counters move whatever programme is in force; places move only under one that weighs standing
(`Programme.standing`). Evaluations that were due before a fact are worked off first, so it makes no
difference when the nightly job runs (climbing.py says why).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, literal, select, update
from sqlalchemy.orm import Session

from foundation import facts
from foundation.doors import reading, writing
from foundation.facts import Fact, FactDraft
from foundation.jobs import Job, Summary
from foundation.words import lazy
from notifications.telling import Telling, tell_many
from rewards import programme, tallies
from rewards.locking import keep_programme, lock_members
from rewards.programme import Version
from rewards.rules import Programme, Tier, tier_of
from rewards.standing import notices, store
from rewards.standing.climbing import Scale, Step, catch_up, lift, midnight, newcomer, tier_before
from rewards.standing.models import MemberTier, StandingCount
from rewards.standing.rules import (
    KINDS,
    NAMES,
    NOTHING,
    SPENT,
    counted,
    currency_of,
    is_customer_by,
)
from rewards.standing.store import Kept

#: What happened longer ago moves members, and nobody is told: an import of old orders is no news.
FRESH = timedelta(days=1)
#: Facts named as the reason of one change; more are counted.
NAMED = 12
#: Members evaluated per transaction: SQLite has one writer, and nobody should wait for it long.
BATCH = 200


def hear(session: Session, heard: Sequence[Fact], now: datetime) -> None:
    """Count what members did; lift those whom it takes to a higher tier.

    Their counters and places are their own, so the members are locked first (rewards/locking.py).
    """
    by_member: dict[str, list[Fact]] = {}
    for fact in heard:
        if fact.kind in KINDS and fact.member_id is not None:
            by_member.setdefault(fact.member_id, []).append(fact)
    if not by_member:
        return
    keep_programme(session)
    lock_members(session, by_member)
    version = programme.latest(session)
    if version is None or version.rules.standing is None:
        store.count(session, _deltas(heard))
        return
    scale = Scale(version.rules)
    for chunk in store.chunks(sorted(by_member)):
        _hear_of(session, scale, version, {each: by_member[each] for each in chunk}, now)


def _hear_of(
    session: Session,
    scale: Scale,
    version: Version,
    by_member: Mapping[str, Sequence[Fact]],
    now: datetime,
) -> None:
    today = now.toordinal()
    kept = store.lock(session, scale, list(by_member), today)
    if missing := by_member.keys() - kept.keys():
        store.enrol(session, scale, missing, now)
        kept |= store.lock(session, scale, sorted(missing), today)
    for member_id, happened in by_member.items():
        each = kept[member_id]
        catch_up(scale, each.sheet, each.place, today, each.steps.append)
        _count(scale, each, happened)
        if (step := lift(scale, each.sheet, each.place, now, today)) is not None:
            each.steps.append(step)
    store.count(session, _deltas([fact for happened in by_member.values() for fact in happened]))
    reasons = {member_id: _reasons(happened) for member_id, happened in by_member.items()}
    store.save(session, kept, "fact", version.number, now, reasons)
    fresh = {
        member_id
        for member_id, happened in by_member.items()
        if any(fact.at > now - FRESH for fact in happened)
    }
    _announce(session, version.rules, kept, fresh, now)


def _count(scale: Scale, each: Kept, happened: Sequence[Fact]) -> None:
    for fact in happened:
        day = fact.at.toordinal()
        if is_customer_by(fact.kind, fact.details):
            each.sheet.customer_since(day)
        is_ours = currency_of(fact.details) == scale.programme.currency
        for what, amount in counted(fact.kind, fact.details):
            if what != SPENT or is_ours:
                each.sheet.add(day, what, amount)


def _deltas(heard: Sequence[Fact]) -> Mapping[tuple[str, date, str], int]:
    deltas: Counter[tuple[str, date, str]] = Counter()
    for fact in heard:
        if fact.member_id is None:
            continue
        for what, amount in counted(fact.kind, fact.details):
            name = f"{NAMES[what]}:{currency_of(fact.details)}" if what == SPENT else NAMES[what]
            deltas[fact.member_id, fact.at.date(), name] += amount
    return deltas


def _reasons(happened: Sequence[Fact]) -> dict[str, Any]:
    named = [{"kind": fact.kind, "subject": fact.subject} for fact in happened[:NAMED]]
    return {"facts": named, "more": max(0, len(happened) - NAMED)}


def _announce(
    session: Session,
    rules: Programme,
    kept: Mapping[str, Kept],
    member_ids: set[str],
    now: datetime,
) -> None:
    """Tell members of `member_ids` what became of their tier, and record it as a fact."""
    drafts, tellings = [], dict[str, list[Telling]]()
    for member_id, each in kept.items():
        for number, step in enumerate(each.steps, each.changes - len(each.steps) + 1):
            if step.before != step.after:
                drafts.append(_fact(member_id, number, step))
            if step.turn != "moved" and member_id in member_ids:
                tellings.setdefault(step.turn, []).append(_telling(rules, member_id, number, step))
    facts.record_many(session, drafts, now)
    for notice in notices.NOTICES:
        tell_many(session, notice, tellings.get(notice.kind.partition(".")[2], []), now)


def _fact(member_id: str, number: int, step: Step) -> FactDraft:
    details = {"tier": step.after, "before": step.before, "standing": step.measured.total}
    return FactDraft("tier.changed", member_id, f"tier:{member_id}:{number}", step.at, details)


def _telling(rules: Programme, member_id: str, number: int, step: Step) -> Telling:
    """What the notice of any turn may say."""
    after, before = rules.tier(step.after), rules.tier(step.before)
    below = rules.tiers[max(0, [tier.key for tier in rules.tiers].index(step.after) - 1)]
    until = midnight(step.grace_until).isoformat() if step.grace_until else None
    params = {
        "tier": after.name if after else {},
        "before": before.name if before else {},
        "next": below.name,
        "standing": step.measured.total,
        "least": before.standing_min if before else 0,
        "earn_percent": after.earn_percent if after else 100,
        "until": until,
    }
    return Telling(member_id, "/me/standing", f"tier:{member_id}:{number}", params)


# Evaluations.


def look(now: datetime) -> str:
    """Evaluate everybody for whom something may have changed; a sentence of what was done.

    Several workers may do this at once: they wait for each other's members, and find nothing due.
    """
    with writing() as session:
        keep_programme(session)
        version = programme.latest(session)
        if version is None or version.rules.standing is None:
            return "no standing is weighed"
        _enrol_all(session, version.rules, now)
    looked = 0
    while waiting := _due(now):
        with writing() as session:
            keep_programme(session)  # whoever publishes evaluates everybody, in no order
            lock_members(session, waiting)
            looked += settle(session, version.rules, version.number, waiting, now)
    return Summary("Standings looked at: %(count)s", count=looked)


#: Evaluations happen at midnight (UTC) however late they are worked off; an hour is soon enough.
JOB = Job("rewards.standing", timedelta(hours=1), look, lazy("Look at members’ standing"))


def _due(now: datetime) -> list[str]:
    with reading() as session:
        return _due_members(session, now, BATCH)


def _due_members(session: Session, now: datetime, most: int) -> list[str]:
    query = select(MemberTier.member_id).where(MemberTier.look_on <= now.date())
    return list(session.scalars(query.order_by(MemberTier.look_on).limit(most)))


def settle(
    session: Session, rules: Programme, number: int, member_ids: Sequence[str], now: datetime
) -> int:
    """Work off the evaluations of `member_ids` that are due under `rules`; how many had any."""
    scale, today = Scale(rules), now.toordinal()
    kept = store.lock(session, scale, member_ids, today)
    due = {member_id: each for member_id, each in kept.items() if each.place.look <= today}
    for each in due.values():
        catch_up(scale, each.sheet, each.place, today, each.steps.append)
    store.save(session, due, "evaluation", number, now, {})
    _announce(session, rules, due, set(due), now)
    return len(due)


# A new programme.


def enter(session: Session, before: Version | None, rules: Programme, now: datetime) -> None:
    """Let `rules`, which come into force now, decide from here on.

    What was due under the rules before is decided by them. Nobody falls because rules changed: who
    reached a tier by points keeps it (by its key), and whoever stands below a tier under the new
    rules is evaluated from tomorrow on, with grace as for everybody.
    """
    if before is not None and before.rules.standing is not None:
        while waiting := _due_members(session, now, BATCH):
            settle(session, before.rules, before.number, waiting, now)
    if rules.standing is None:
        return
    session.execute(update(MemberTier).values(look_on=now.date() + timedelta(days=1)))
    _enrol_all(session, rules, now)
    if before is not None and before.rules.standing is None:
        _carry_over(session, before, rules, now)


def _enrol_all(session: Session, rules: Programme, now: datetime) -> None:
    """Give everybody of whom something is counted a place, in one statement."""
    place = newcomer(Scale(rules), now, now.toordinal())
    values = {"changes": 0, **store.place_values(place)}
    table = MemberTier.__table__
    counted_members = (
        select(
            StandingCount.member_id,
            *(literal(value, table.c[name].type) for name, value in values.items()),
        )
        .where(
            ~select(MemberTier.member_id)
            .where(MemberTier.member_id == StandingCount.member_id)
            .exists()
        )
        .distinct()
    )
    session.execute(insert(MemberTier).from_select(["member_id", *values], counted_members))


def _carry_over(session: Session, before: Version, rules: Programme, now: datetime) -> None:
    """Whoever reached a tier by points keeps it, if it still exists, until an evaluation."""
    points = tallies.standings_of(session, before.rules.standing_window_days, None, now)
    held = {member_id: tier_of(before.rules, total).key for member_id, total in points.items()}
    known = {tier.key for tier in rules.tiers[1:]}
    carried = sorted(member_id for member_id, key in held.items() if key in known)
    scale = Scale(rules)
    for chunk in store.chunks(carried):
        store.enrol(session, scale, chunk, now)
        kept = store.lock(session, scale, chunk, now.toordinal())
        for member_id, each in kept.items():
            first, after = each.place.tier, held[member_id]
            each.place.tier = each.place.base = after
            each.place.since = now
            each.steps.append(Step("carried", now, first, after, None, NOTHING, NOTHING))
        store.save(session, kept, "published", before.number + 1, now, {})


# What the engine asks.


def tiers_before(
    session: Session, rules: Programme, member_ids: Sequence[str], now: datetime
) -> dict[str, Tier]:
    """The tiers of members before `now`; who is left out is in the first one.

    Evaluations that are due are those of the version in force now, also where `rules` are those of
    the day of something that is told late.
    """
    today, places = now.toordinal(), store.places(session, member_ids)
    late = [member_id for member_id, place in places.items() if place.look <= today]
    if late:
        newest = programme.current(session)
        scale = Scale(newest if newest is not None and newest.standing is not None else rules)
        for member_id, each in store.read(session, scale, late, today).items():
            catch_up(scale, each.sheet, each.place, today)
            places[member_id] = each.place
    return {
        member_id: rules.tier(tier_before(place, now)) or tier_of(rules, place.measured.total)
        for member_id, place in places.items()
    }
