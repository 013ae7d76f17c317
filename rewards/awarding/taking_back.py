"""Taking a set back: of every award as much as its member still has available.

Nobody is brought below zero: what was spent stays spent, and what expired is gone already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from foundation import clock, facts
from foundation.doors import writing
from foundation.refusal import Refused
from ledger import statements, transfers
from ledger.accounts import owned
from ledger.drafts import Draft
from notifications.telling import Telling, tell_many
from rewards.awarding import notices
from rewards.awarding.models import Award, AwardReturn, AwardSet
from rewards.awarding.starting import is_silent
from rewards.locking import lock_members
from rewards.rules import POINTS

#: Awards per transaction; each takes from its own lot first, which is done one by one.
CHUNK = 1_000
MEMBERS = 5_000


@dataclass(frozen=True)
class StillThere:
    """What a set gave, and how much of it would come back now."""

    members: int
    given: int
    there: int
    members_short: int  # who do not have all of theirs


def still_there(session: Session, set_id: str, now: datetime) -> StillThere:
    """Look before anything is taken."""
    gone = Award.expires_at.is_not(None) & (Award.expires_at <= now)
    rows = session.execute(
        select(
            Award.member_id,
            func.sum(Award.amount),
            func.coalesce(func.sum(Award.amount).filter(~gone), 0),
        )
        .where(Award.set_id == set_id)
        .group_by(Award.member_id)
    ).all()
    there = short = 0
    for start in range(0, len(rows), MEMBERS):
        chunk = rows[start : start + MEMBERS]
        has = statements.balances_of(session, [row[0] for row in chunk], POINTS)
        for member_id, given, left in chunk:
            back = min(int(left), has[member_id].available)
            there += back
            short += back < given
    return StillThere(len(rows), sum(int(row[1]) for row in rows), there, short)


def ask(session: Session, set_id: str, by_id: str | None, now: datetime) -> AwardSet:
    """Let a set be taken back; Refused while it is being given, or when it was before."""
    found = session.get_one(AwardSet, set_id, with_for_update=True, populate_existing=True)
    is_over = found.state in ("done", "failed") or is_silent(found, now)
    if found.taken_at is not None or found.state == "checked":
        raise Refused("There is nothing to take back of this set.", code="taken_back", status=409)
    if not is_over:
        raise Refused("This set is being given. Wait until it is done.", code="running", status=409)
    found.state, found.taken_by_id, found.taken_at = "asked_back", by_id, now
    found.seen_at, found.error = now, None
    return found


def take_back(
    set_id: str, now: datetime, watch: Callable[[int, int], None] = lambda done, points: None
) -> int:
    """Take back what is there of a set that was asked for; the points that came back in all.

    Broken off, it goes on where it was. `watch` hears awards looked at and points so far.
    """
    after = 0
    while True:
        with writing() as session:
            found = session.get_one(AwardSet, set_id, with_for_update=True, populate_existing=True)
            awards = _next(session, set_id, after)
            if not awards:
                _close(session, found, now)
                return found.taken_points
            found.taken_points += _take(session, found, awards, now)
            found.taken_done += len(awards)
            found.seen_at = clock.now()
        after = awards[-1].row
        watch(found.taken_done, found.taken_points)


def _close(session: Session, found: AwardSet, now: datetime) -> None:
    found.state, found.ended_at = "taken_back", clock.now()
    session.flush()
    said = {"rows": found.given, "points": found.given_points, "back": found.taken_points}
    subject = f"awards:{found.id}"
    facts.record(session, "awards.taken_back", found.taken_by_id, subject, now, **said)


def _next(session: Session, set_id: str, after: int) -> Sequence[Award]:
    return session.scalars(
        select(Award)
        .outerjoin(AwardReturn, AwardReturn.award_id == Award.id)
        .where(Award.set_id == set_id, Award.row > after, AwardReturn.award_id.is_(None))
        .order_by(Award.row)
        .limit(CHUNK)
    ).all()


def _take(session: Session, found: AwardSet, awards: Sequence[Award], now: datetime) -> int:
    owners = [award.member_id for award in awards]
    lock_members(session, owners)
    mine = owned(session, owners, POINTS, ["available", "clawed_back"], now).standings()
    left = {owner: kinds["available"].posted for owner, kinds in mine.items()}
    back = dict[str, int]()
    for award in awards:
        is_gone = award.expires_at is not None and award.expires_at <= now
        back[award.id] = 0 if is_gone else min(award.amount, left[award.member_id])
        left[award.member_id] -= back[award.id]
    taken = [award for award in awards if back[award.id]]
    drafts = [
        Draft(
            mine[award.member_id]["available"].id,
            mine[award.member_id]["clawed_back"].id,
            back[award.id],
            f"award:{found.id}:{award.row}:back",
            "claw_back",
            f"award:{award.id}",
            takes=award.transfer_id,
        )
        for award in taken
    ]
    transfers.transfer_many(session, drafts, now)
    rows = [{"award_id": each, "amount": amount, "at": now} for each, amount in back.items()]
    session.execute(insert(AwardReturn), rows)
    if found.is_told:
        told = [_telling(award, back[award.id]) for award in taken]
        tell_many(session, notices.AWARD_BACK, told, now)
    return sum(back.values())


def _telling(award: Award, amount: int) -> Telling:
    return Telling(
        award.member_id,
        f"/me/awards/{award.id}",
        f"award:{award.id}",
        {"amount": amount, "given": award.amount, "reason": award.reason},
    )
