"""What the pages of awards show, each in a few statements."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from foundation.paging import Page, read_page
from foundation.refusal import Refused
from ledger import statements
from members.models import Member
from rewards.awarding.models import Award, AwardReturn, AwardSet


@dataclass(frozen=True)
class SetRow:
    """A set and who gave it, and who took it back; None for the command line."""

    award_set: AwardSet
    by: str | None
    taken_by: str | None


@dataclass(frozen=True)
class Mine:
    """An award, what was taken back of it, and what of it made up for what she owed."""

    award: Award
    back: AwardReturn | None
    paid_off: int


def sets(session: Session, cursor: str | None, path: str) -> Page[SetRow]:
    """All sets, newest first."""
    columns: tuple[Any, ...] = (AwardSet.id, AwardSet, Member.name)
    statement = select(*columns).outerjoin(Member, Member.id == AwardSet.by_id)
    return read_page(
        session,
        statement,
        AwardSet.id,
        cursor=cursor,
        make=lambda row: SetRow(row[1], row[2], None),
        path=path,
    )


def one(session: Session, set_id: str) -> SetRow:
    """A set; Refused (404) when there is none."""
    by, taken_by = aliased(Member), aliased(Member)
    row = session.execute(
        select(AwardSet, by.name, taken_by.name)
        .outerjoin(by, by.id == AwardSet.by_id)
        .outerjoin(taken_by, taken_by.id == AwardSet.taken_by_id)
        .where(AwardSet.id == set_id)
    ).first()
    if row is None:
        raise Refused("There is no such set.", code="unknown_set", status=404)
    return SetRow(*row)


def reasons(session: Session, award_ids: Iterable[str]) -> dict[str, str]:
    """Why awards were given, by award."""
    rows = session.execute(select(Award.id, Award.reason).where(Award.id.in_(award_ids)))
    return {row.id: row.reason for row in rows}


def mine(session: Session, award_id: str, member_id: str) -> Mine:
    """A member's own award; Refused (404) for anybody else's, as for one that never was."""
    award = session.get(Award, award_id)
    if award is None or award.member_id != member_id:
        raise Refused("There is no such reward.", code="unknown_award", status=404)
    paid_off = statements.paid_off_by(session, award.transfer_id)
    return Mine(award, session.get(AwardReturn, award_id), paid_off)
