"""Earning: facts come in, grants and their transfers are written in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from foundation import facts
from foundation.facts import Fact, FactDraft
from foundation.tables import new_id
from ledger import bulk, holds
from notifications.telling import Telling, tell_many
from rewards import notices, programme, tallies
from rewards.budgets import committing, withholding
from rewards.budgets.committing import Counts
from rewards.cards import stamps
from rewards.engine import Award, Engine
from rewards.happenings import WRITTEN, day_of
from rewards.locking import keep_programme, lock_members
from rewards.models import Grant
from rewards.paying_off import paid_off
from rewards.programme import Version
from rewards.rules import FACTS, VOUCHER, Happened, Programme, month_of, receivers
from rewards.standing import keeping as standing
from rewards.vouchers import earned

#: What earning writes about each award, before it is in the table.
Row = dict[str, Any]


def hear(session: Session, heard: Sequence[Fact], now: datetime) -> None:
    """Give what the programme of its day promises for each fact.

    Facts from before the first publication earn nothing: a shop's whole past can be imported for
    the price of one small query per batch.
    """
    earning = [fact for fact in heard if fact.kind in FACTS]
    if not earning:
        return
    keep_programme(session)
    dated = programme.timeline(session)
    if not dated:
        return
    by_version: dict[int, list[Happened]] = {}
    for fact in earning:
        # A stamp card keeps the terms it was begun under, so its fact says which.
        number = fact.details.get("programme") or programme.in_force(dated, fact.at)
        if number is not None:
            by_version.setdefault(number, []).append(happened(fact))
    versions = programme.numbered(session, by_version)
    paying = {
        number: members
        for number in sorted(by_version)
        if (members := _members(versions[number].rules, by_version[number]))
    }
    if not paying:
        return
    # Budgets first, then members, in one order each: so two batches never deadlock.
    months = {month_of(fact.at) for number in by_version for fact in by_version[number]}
    counts = committing.lock(session, _committing(session, versions, earning), months)
    lock_members(session, set().union(*paying.values()))
    for number, members in paying.items():
        version, here = versions[number], by_version[number]
        numbers = tallies.numbers(session, version.rules, map(happened, earning))
        _give_all(session, version, here, members, numbers, counts, now)


def _committing(
    session: Session, versions: Mapping[int, Version], heard: Sequence[Fact]
) -> list[Programme]:
    """Whose budgets count what these facts give, and what follows from them: a welcome, a friend's
    purchase, a full card, which gives by the version it was begun under. Who made a counter later,
    with others locked by then, and whoever waits for these would wait for each other."""
    buyers = {str(fact.member_id) for fact in heard if fact.kind == "order.paid"}
    begun = stamps.running(session, sorted(buyers)) - versions.keys()
    return [version.rules for version in versions.values()] + [
        *stamps.versions(session, begun).values()
    ]


def happened(fact: Fact) -> Happened:
    """A fact as the engine sees it."""
    return Happened(fact.id, fact.kind, fact.subject, fact.member_id, fact.at, fact.details)


def _members(rules: Programme, happenings: Sequence[Happened]) -> set[str]:
    """Who may be given something for these facts."""
    paying = rules.paying
    return {
        member_id
        for fact in happenings
        for rule in paying
        if rule.fact == fact.kind
        for member_id, _amount in receivers(rule, fact)
    }


def _give_all(
    session: Session,
    version: Version,
    happenings: Sequence[Happened],
    members: set[str],
    numbers: dict[str, int],
    counts: Counts,
    now: datetime,
) -> None:
    rules = version.rules
    days = {day_of(fact.at) for fact in happenings}
    state = tallies.of_members(session, rules, members, days, now)
    state.budgets = {key: count.committed for key, count in counts.items()}
    state.numbers = numbers
    if rules.standing is not None:
        state.tiers = standing.tiers_before(session, rules, sorted(members), now)
    engine = Engine(rules)
    given: list[tuple[Happened, Award]] = []
    for fact in sorted(happenings, key=turn):
        for award in engine.awards(fact, state):
            state.add(award, fact)
            given.append((fact, award))
    rows = [_row(version, fact, award, now) for fact, award in given if award.amount]
    _write(session, version, rows, now)
    withholding.write(session, version, given, now)
    months = [(award, month_of(fact.at)) for fact, award in given]
    committing.write(session, rules, counts, months, now)


def turn(fact: Happened) -> tuple[datetime, str]:
    """In which order facts of one kind, heard in one instant, are worked off. What follows from
    facts comes in the order of these, and of the programme where one of them has several."""
    return fact.at, "" if fact.kind in WRITTEN else fact.id


def _row(version: Version, fact: Happened, award: Award, now: datetime) -> Row:
    until = fact.at + timedelta(days=award.hold_days) if award.is_held else None
    expires = None
    if award.expires_after_days is not None:
        expires = max(until or now, now) + timedelta(days=award.expires_after_days)
    return {
        "id": new_id(now),
        "member_id": award.member_id,
        "rule": award.rule,
        "version": version.number,
        "fact_id": fact.id,
        "fact_kind": fact.kind,
        "fact_at": fact.at,
        "subject": fact.subject,
        "basis": award.basis,
        "tier": award.tier,
        "amount": award.amount,
        "capped": award.capped,
        "commodity": award.commodity,
        "granted_at": now,
        "release_at": until,
        "released_at": None if award.is_held else now,
        "voided_at": None,
        "expires_at": expires if award.commodity != VOUCHER else None,  # each voucher has its own
        "clawed": 0,
    }


def _write(session: Session, version: Version, rows: Sequence[Row], now: datetime) -> None:
    if not rows:
        return
    vouchers = [row for row in rows if row["commodity"] == VOUCHER]
    booked = [row for row in rows if row["commodity"] != VOUCHER]
    free = [row for row in booked if row["release_at"] is None]
    debts = _debts(session, free)
    made = {
        **_hold(session, booked, now),
        **_credit(session, free, now),
        **earned.issue(session, version, vouchers, now),
    }
    session.execute(insert(Grant), [row | {"transfer_id": made[row["id"]]} for row in rows])
    facts.record_many(session, [_fact(row) for row in booked], now)
    tellings = [_telling(version, row, debts.get(row["id"], 0)) for row in booked]
    tell_many(session, notices.GRANTED, tellings, now)


def _hold(session: Session, rows: Sequence[Row], now: datetime) -> dict[str, str]:
    held = [row for row in rows if row["release_at"] is not None]
    drafts = [
        holds.HoldDraft(
            owner=row["member_id"],
            commodity=row["commodity"],
            amount=row["amount"],
            key=f"grant:{row['id']}",
            until=row["release_at"],
            about=f"grant:{row['id']}",
            expires_at=row["expires_at"],
        )
        for row in held
    ]
    made = holds.hold_many(session, drafts, now) if drafts else []
    return {row["id"]: each.id for row, each in zip(held, made, strict=True)}


def _debts(session: Session, free: Sequence[Row]) -> dict[str, int]:
    """How much of what is given at once makes up for what its member owes, by grant."""
    gifts = [(row["member_id"], row["commodity"], row["amount"]) for row in free]
    return dict(zip((row["id"] for row in free), paid_off(session, gifts), strict=True))


def _credit(session: Session, free: Sequence[Row], now: datetime) -> dict[str, str]:
    drafts = [
        bulk.CreditDraft(
            owner=row["member_id"],
            commodity=row["commodity"],
            amount=row["amount"],
            key=f"grant:{row['id']}",
            about=f"grant:{row['id']}",
            expires_at=row["expires_at"],
        )
        for row in free
    ]
    made = bulk.credit_many(session, drafts, now) if drafts else []
    return {row["id"]: parts[0].id for row, parts in zip(free, made, strict=True)}


def _fact(row: Row) -> FactDraft:
    until: datetime | None = row["release_at"]
    return FactDraft(
        "reward.granted",
        row["member_id"],
        f"grant:{row['id']}",
        row["granted_at"],
        {
            "rule": row["rule"],
            "version": row["version"],
            "amount": row["amount"],
            "commodity": row["commodity"],
            "for": row["fact_kind"],
            "about": row["subject"],
            "until": until.isoformat() if until else None,
        },
    )


def _telling(version: Version, row: Row, debt: int) -> Telling:
    rule = version.rules.rule(row["rule"])
    until: datetime | None = row["release_at"]
    return Telling(
        row["member_id"],
        f"/me/rewards/{row['id']}",
        f"grant:{row['id']}",
        {
            "amount": row["amount"],
            "commodity": row["commodity"],
            "rule": rule.name if rule else {},
            "returnable": rule is None or rule.hold == "return_period",
            "until": until.isoformat() if until else None,
            "paid_off": debt,
        },
    )
