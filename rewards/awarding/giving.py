"""Giving a set: two thousand rows per transaction, each row at most once.

What a row gave stands beside its credit, in the same transaction, so whoever was broken off goes
on. Two that give one set wait for each other at the set's own row. A row that could not be given
(its member was unknown) is given when the same set is run again and she is known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from foundation import clock, facts
from foundation.doors import writing
from foundation.refusal import Refused
from foundation.rejects import Problem, Rejects
from foundation.tables import new_id
from ledger import bulk
from ledger.bulk import CreditDraft
from notifications.telling import Telling, tell_many
from rewards.awarding import notices, recipients
from rewards.awarding.award_files import AwardFile, Row, end_of
from rewards.awarding.models import Award, AwardSet
from rewards.locking import lock_members
from rewards.paying_off import paid_off
from rewards.rules import POINTS

#: Rows per transaction: their members' balances are locked while it lasts. Five thousand took two
#: seconds with notices, which somebody at the till would feel.
CHUNK = 2_000
#: Problems kept to be shown; all of them stand in the file of rejects.
SHOWN = 100


@dataclass
class Tally:
    """What a run did, in rows; `known` were given before."""

    given: int = 0
    points: int = 0
    known: int = 0
    rejected: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return self.given + self.known + self.rejected


def give(
    set_id: str,
    source: AwardFile,
    now: datetime,
    *,
    rejects: Path | None = None,
    watch: Callable[[Tally], None] = lambda tally: None,
) -> Tally:
    """Give every row of the file that was not given; `watch` sees the tally after each chunk.

    Refused once somebody asks for the set back.
    """
    tally = Tally()
    bin_ = Rejects(rejects, source.headings) if rejects else None
    try:
        with source.open() as file:
            rows = source.read(file)
            while chunk := list(islice(rows, CHUNK)):
                with writing() as session:
                    known = _give(session, set_id, source, chunk, now, tally)
                reject(chunk, known, tally.problems, bin_)
                watch(tally)
    finally:
        if bin_:
            bin_.close()
    with writing() as session:
        _close(session, set_id, now)
    return tally


def give_within(session: Session, set_id: str, source: AwardFile, now: datetime) -> Tally:
    """A small set, given in the caller's transaction. Refused once somebody asks for it back."""
    tally = Tally()
    with source.open() as file:
        rows = source.read(file)
        while chunk := list(islice(rows, CHUNK)):
            known = _give(session, set_id, source, chunk, now, tally)
            reject(chunk, known, tally.problems, None)
    _close(session, set_id, now)
    return tally


def reject(
    chunk: Sequence[Row], known: set[int], problems: list[Problem], rejects: Rejects | None
) -> int:
    """Keep what is wrong with rows that were not given; how many those are."""
    wrong = [row for row in chunk if row.problems and row.row not in known]
    for row in wrong:
        problems += row.problems[: max(0, SHOWN - len(problems))]
        if rejects:
            rejects.add(row.cells, " ".join(str(problem) for problem in row.problems))
    return len(wrong)


def expiry(
    source: AwardFile, row: Row, began: datetime, days: int | None, now: datetime
) -> datetime | None:
    """When the points of a row expire (None: never); a problem when that is over."""
    if row.expires_on is not None:
        expires_at = end_of(row.expires_on)
    elif days is not None:
        expires_at = began + timedelta(days=days)
    else:
        return None
    if expires_at <= now:
        why = Refused("These points would have expired already. Choose a later day.", code="expiry")
        source.wrong(row, "expires_on", why)
    return expires_at


def _open(session: Session, set_id: str) -> AwardSet:
    """The set, locked; Refused when it is being taken back."""
    found = session.get_one(AwardSet, set_id, with_for_update=True, populate_existing=True)
    if found.taken_at is not None:
        raise Refused("Somebody takes this set back, so it is not given any further.", code="taken")
    return found


def _close(session: Session, set_id: str, now: datetime) -> None:
    """The file is at its end; on record unless it gave nothing, or nothing since the last time."""
    award_set = _open(session, set_id)
    award_set.state, award_set.ended_at, award_set.error = "done", clock.now(), None
    session.flush()
    if award_set.given:
        facts.record(
            session,
            "awards.given",
            award_set.by_id,
            f"awards:{set_id}:{award_set.given}",
            now,
            rows=award_set.given,
            points=award_set.given_points,
        )


def _give(
    session: Session,
    set_id: str,
    source: AwardFile,
    chunk: Sequence[Row],
    now: datetime,
    tally: Tally,
) -> set[int]:
    """Give a chunk; the rows that were given before."""
    award_set = _open(session, set_id)
    known = set(
        session.scalars(
            select(Award.row).where(
                Award.set_id == set_id, Award.row.between(chunk[0].row, chunk[-1].row)
            )
        )
    )
    fresh = [row for row in chunk if row.row not in known and not row.problems]
    members = recipients.resolve(session, source, fresh)
    awards = [
        award
        for row in fresh
        if row.row in members and (award := _award(award_set, source, row, members[row.row], now))
    ]
    _credit(session, award_set, awards, now)
    points = sum(award["amount"] for award in awards)
    tally.given, tally.points = tally.given + len(awards), tally.points + points
    tally.known += len(known)
    tally.rejected += len(chunk) - len(known) - len(awards)
    award_set.given += len(awards)
    award_set.given_points += points
    award_set.done = max(award_set.done, tally.rows)
    award_set.rejected = tally.rejected
    award_set.seen_at = clock.now()
    return known


def _award(
    award_set: AwardSet, source: AwardFile, row: Row, member_id: str, now: datetime
) -> dict[str, Any] | None:
    expires_at = expiry(source, row, award_set.at, award_set.expires_in_days, now)
    if row.problems:
        return None
    return {
        "id": new_id(now),
        "set_id": award_set.id,
        "row": row.row,
        "member_id": member_id,
        "amount": row.amount,
        "reason": row.reason or award_set.reason,
        "expires_at": expires_at,
        "at": now,
    }


def _credit(
    session: Session, award_set: AwardSet, awards: list[dict[str, Any]], now: datetime
) -> None:
    """The credits, the awards they belong to, and the news of them."""
    if not awards:
        return
    drafts = [
        CreditDraft(
            each["member_id"],
            POINTS,
            each["amount"],
            f"award:{award_set.id}:{each['row']}",
            about=f"award:{each['id']}",
            memo={"set": award_set.name},
            expires_at=each["expires_at"],
        )
        for each in awards
    ]
    lock_members(session, (each["member_id"] for each in awards))
    gifts = [(each["member_id"], POINTS, each["amount"]) for each in awards]
    debts = paid_off(session, gifts) if award_set.is_told else []
    for each, made in zip(awards, bulk.credit_many(session, drafts, now), strict=True):
        each["transfer_id"] = made[0].id
    session.execute(insert(Award), awards)
    if award_set.is_told:
        told = [_telling(*each) for each in zip(awards, debts, strict=True)]
        tell_many(session, notices.AWARDED, told, now)


def _telling(award: dict[str, Any], debt: int) -> Telling:
    until = award["expires_at"].isoformat() if award["expires_at"] else None
    return Telling(
        award["member_id"],
        f"/me/awards/{award['id']}",
        f"award:{award['id']}",
        {"amount": award["amount"], "reason": award["reason"], "until": until, "paid_off": debt},
    )
