"""Who may read a paper now: one function says so for the list, the page and the download."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from foundation.facts import Fact
from rewards import programme
from rewards.papers.models import Paper, PaperGuest, PaperRevocation
from rewards.perks import entitlements

#: open: may be read. later, over: outside its days. revoked: ended for this reader or for all.
#: closed: for others.
State = Literal["open", "later", "over", "revoked", "closed"]


@dataclass(frozen=True)
class Reader:
    """Somebody, as far as papers ask: her tier and those below it, the clubs she wrote in, and the
    papers that are for her by name."""

    tiers: frozenset[str] = frozenset()
    clubs: frozenset[str] = frozenset()
    invited: frozenset[str] = frozenset()


NOBODY = Reader()


def reader(session: Session, member_id: str, papers: Collection[Paper], now: datetime) -> Reader:
    """What papers ask about a member; three statements, and one more when a club matters."""
    rules = programme.current(session)
    reached: list[str] = []
    if rules is not None:
        hers = entitlements.tier_of(session, member_id, rules, now)
        keys = [tier.key for tier in rules.tiers]
        reached = keys[: keys.index(hers.key) + 1] if hers and hers.key in keys else []
    invited = session.scalars(select(PaperGuest.paper_id).where(PaperGuest.member_id == member_id))
    wanted = {paper.club for paper in papers if paper.club}
    clubs = _clubs(session, member_id) & wanted if wanted else frozenset()
    return Reader(frozenset(reached), frozenset(clubs), frozenset(invited))


def revocations(
    session: Session, paper_ids: Sequence[str], member_id: str | None
) -> dict[str, PaperRevocation]:
    """Open revocations by paper that concern this member: her own, or everybody's."""
    whose: ColumnElement[bool] = PaperRevocation.member_id.is_(None)
    if member_id is not None:
        whose = or_(whose, PaperRevocation.member_id == member_id)
    rows = session.scalars(
        select(PaperRevocation)
        .where(PaperRevocation.paper_id.in_(paper_ids), PaperRevocation.lifted_at.is_(None), whose)
        .order_by(PaperRevocation.id)
    )
    return {row.paper_id: row for row in rows}


def state(paper: Paper, who: Reader, revoked: Collection[str], now: datetime) -> State:
    """Whether `who` may read the paper at `now`. A revocation comes before everything else, for
    those whom the paper would be for."""
    if not _is_for(paper, who):
        return "closed"
    if paper.id in revoked:
        return "revoked"
    if now < paper.opens_at:
        return "later"
    if paper.closes_at is not None and now >= paper.closes_at:
        return "over"
    return "open"


def _is_for(paper: Paper, who: Reader) -> bool:
    return (
        paper.id in who.invited
        or (paper.tier_from is not None and paper.tier_from in who.tiers)
        or (paper.club is not None and paper.club in who.clubs)
    )


def _clubs(session: Session, member_id: str) -> frozenset[str]:
    """Addresses of the clubs she wrote in, as the facts tell."""
    board = Fact.details["board"].as_string()
    rows = session.scalars(
        select(board)
        .where(Fact.member_id == member_id, Fact.kind.in_(("topic.started", "post.written")))
        .distinct()
    )
    return frozenset(row for row in rows if row)
