"""Releasing: once the return period of a grant is over, what it gave can be spent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import facts
from foundation.doors import reading, writing
from foundation.facts import FactDraft
from foundation.jobs import Summary
from ledger import bulk
from notifications.telling import Telling, tell_many
from rewards import notices, programme
from rewards.locking import lock_members
from rewards.models import Grant
from rewards.paying_off import paid_off
from rewards.programme import Version

#: Grants per transaction: SQLite has one writer, and nobody should wait for it long.
BATCH = 200


def release_due(now: datetime) -> str:
    """Release every grant whose time has come, batch by batch; a sentence of what was done.

    Several workers may do this at once: they wait for each other's members, and each claims what
    the others have not released.
    """
    released = 0
    while waiting := _due(now):
        with writing() as session:
            lock_members(session, waiting.values())
            done = _claim(session, list(waiting), now)
            _release(session, done, now)
        released += len(done)
        if not done:  # another worker is at them
            break
    return Summary("Rewards released: %(count)s", count=released)


def _due(now: datetime) -> dict[str, str]:
    """The next grants to release, and whose they are."""
    query = (
        select(Grant.id, Grant.member_id)
        .where(Grant.release_at <= now, Grant.released_at.is_(None), Grant.voided_at.is_(None))
        .order_by(Grant.release_at)
        .limit(BATCH)
    )
    with reading() as session:
        return {row.id: row.member_id for row in session.execute(query)}


def _claim(session: Session, grant_ids: Sequence[str], now: datetime) -> list[Grant]:
    """Those that nobody released or voided in the meantime, marked as released.

    Their members are locked already (locking.py).
    """
    grants = session.scalars(
        select(Grant)
        .where(Grant.id.in_(grant_ids), Grant.released_at.is_(None), Grant.voided_at.is_(None))
        .order_by(Grant.id)
        .with_for_update()
    ).all()
    for grant in grants:
        grant.released_at = now
    session.flush()
    return list(grants)


def _release(session: Session, grants: list[Grant], now: datetime) -> None:
    gifts = [(each.member_id, each.commodity, each.amount - each.clawed) for each in grants]
    debts = paid_off(session, gifts)
    bulk.post_many(
        session,
        [
            bulk.Resolution(
                grant.transfer_id, f"grant:{grant.id}:release", about=f"grant:{grant.id}"
            )
            for grant in grants
        ],
        now,
    )
    facts.record_many(session, [_fact(grant, now) for grant in grants], now)
    known = programme.numbered(session, (grant.version for grant in grants))
    tellings = [
        _telling(grant, known.get(grant.version), debt)
        for grant, debt in zip(grants, debts, strict=True)
    ]
    tell_many(session, notices.RELEASED, tellings, now)


def _fact(grant: Grant, now: datetime) -> FactDraft:
    details = {
        "rule": grant.rule,
        "version": grant.version,
        "amount": grant.amount - grant.clawed,
        "commodity": grant.commodity,
    }
    return FactDraft("reward.released", grant.member_id, f"grant:{grant.id}", now, details)


def _telling(grant: Grant, version: Version | None, debt: int) -> Telling:
    rule = version.rules.rule(grant.rule) if version else None
    return Telling(
        grant.member_id,
        f"/me/rewards/{grant.id}",
        f"grant:{grant.id}",
        {
            "amount": grant.amount - grant.clawed,
            "commodity": grant.commodity,
            "rule": rule.name if rule else {},
            "returnable": rule is None or rule.hold == "return_period",
            "paid_off": debt,
        },
    )
