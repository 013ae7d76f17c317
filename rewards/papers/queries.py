"""What the pages about papers show, each in a fixed, small number of statements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session, aliased

from foundation.refusal import Refused
from foundation.words import _, text_in
from members.models import Member
from rewards import programme
from rewards.commodities import PAPER, key_in
from rewards.papers import access
from rewards.papers.access import NOBODY, Reader, State
from rewards.papers.models import Paper, PaperCopy, PaperGuest, PaperReading, PaperRevocation
from rewards.rules import Programme, Tier

Line = Row[*tuple[Any, ...]]

#: Papers on one page; an owner who writes more has a library, and needs one.
SHOWN = 200

#: Address and name of every club; app.py fills it, for the clubs lie above this room.
Clubs = Callable[[Session], Sequence[tuple[str, dict[str, str]]]]


def _no_clubs(session: Session) -> Sequence[tuple[str, dict[str, str]]]:
    return ()


CLUBS: list[Clubs] = [_no_clubs]


@dataclass(frozen=True)
class Shown:
    """A paper as one reader sees it in the list, and what leads to it."""

    paper: Paper
    state: State
    tier: Tier | None
    club: dict[str, str] | None
    reason: str | None = None  # why access ended


@dataclass(frozen=True)
class Managed:
    """A paper with the people who have it, for its owner."""

    paper: Paper
    guests: list[str]
    readers: Sequence[Line]
    revocations: Sequence[Line]


def names(session: Session, commodities: Iterable[str]) -> dict[str, str]:
    """What papers are called in the book, by commodity; titles that are not listed are not told."""
    keys = [key for code in commodities if (key := key_in(code, PAPER)) is not None]
    if not keys:
        return {}
    rows = session.execute(select(Paper.id, Paper.title, Paper.is_listed).where(Paper.id.in_(keys)))
    return {PAPER + key: _name(title, is_listed=is_listed) for key, title, is_listed in rows}


def _name(title: Mapping[str, str], *, is_listed: bool) -> str:
    if not is_listed:
        return _("A paper that is not listed")
    return _("%(paper)s (paper)", paper=text_in(title))


def shelf(session: Session, member_id: str | None, now: datetime) -> list[Shown]:
    """Papers for a reader (None: a visitor): hers, and titles of others that may be listed."""
    found: list[Shown] = []
    newest = select(Paper).order_by(Paper.id.desc()).limit(SHOWN)
    papers = session.scalars(newest).all()
    while papers:
        who, ended, rules, names = _asked(session, papers, member_id, now)
        shown = [_shown(paper, now, who, ended, rules, names) for paper in papers]
        found += [each for each in shown if _is_on_the_shelf(each, ended, now)]
        if len(found) >= SHOWN or len(papers) < SHOWN:
            break
        papers = session.scalars(newest.where(Paper.id < papers[-1].id)).all()
    return found[:SHOWN]


def one(
    session: Session, paper_id: str, member_id: str, now: datetime, *, knows_all: bool = False
) -> Shown:
    """One paper for one member, whatever she may; Refused (404) where she may not even know, unless
    she is an owner (`knows_all`)."""
    paper = session.get(Paper, paper_id)
    if paper is not None:
        found = _shown(paper, now, *_asked(session, [paper], member_id, now))
        if found.state != "closed" or paper.is_listed or knows_all:
            return found
    raise Refused("There is no such paper.", code="no_paper", status=404)


def clubs(session: Session) -> dict[str, dict[str, str]]:
    """Names of clubs by address."""
    return dict(CLUBS[0](session))


def managed(session: Session) -> Sequence[Line]:
    """Every paper for the owner, with how many have a copy."""
    copies = (
        select(func.count())
        .where(PaperCopy.paper_id == Paper.id)
        .correlate(Paper)
        .scalar_subquery()
    )
    ended = (
        select(func.count())
        .where(
            PaperRevocation.paper_id == Paper.id,
            PaperRevocation.member_id.is_(None),
            PaperRevocation.lifted_at.is_(None),
        )
        .correlate(Paper)
        .scalar_subquery()
    )
    statement = select(Paper, copies.label("copies"), ended.label("ended"))
    return session.execute(statement.order_by(Paper.id.desc()).limit(SHOWN)).all()


def readers(session: Session, paper_id: str) -> Managed:
    """A paper, who has a copy since when, how often it was downloaded, and where access ended."""
    paper = session.get(Paper, paper_id)
    if paper is None:
        raise Refused("There is no such paper.", code="no_paper", status=404)
    guests = session.scalars(
        select(Member.handle)
        .join(PaperGuest, PaperGuest.member_id == Member.id)
        .where(PaperGuest.paper_id == paper_id)
        .order_by(Member.handle)
    )
    copies = session.execute(
        select(
            PaperCopy.mark,
            Member.name,
            Member.handle,
            PaperCopy.at.label("since"),
            func.count(PaperReading.id).label("downloads"),
        )
        .join(Member, Member.id == PaperCopy.member_id)
        .outerjoin(
            PaperReading,
            (PaperReading.copy_id == PaperCopy.id) & (PaperReading.kind == "downloaded"),
        )
        .where(PaperCopy.paper_id == paper_id)
        .group_by(PaperCopy.id, PaperCopy.mark, Member.name, Member.handle)
        .order_by(PaperCopy.id.desc())
        .limit(SHOWN)
    ).all()
    by = aliased(Member)
    ended = session.execute(
        select(
            PaperRevocation.id,
            PaperRevocation.reason,
            PaperRevocation.at,
            PaperRevocation.lifted_at,
            Member.name,
            Member.handle,
            by.name.label("by"),
        )
        .outerjoin(Member, Member.id == PaperRevocation.member_id)
        .join(by, by.id == PaperRevocation.by_id)
        .where(PaperRevocation.paper_id == paper_id)
        .order_by(PaperRevocation.id.desc())
    ).all()
    return Managed(paper, list(guests), copies, ended)


def _asked(
    session: Session, papers: Sequence[Paper], member_id: str | None, now: datetime
) -> tuple[Reader, dict[str, PaperRevocation], Programme | None, dict[str, dict[str, str]]]:
    """What every paper of one page needs: the reader, what ended for her, tiers and clubs."""
    ended = access.revocations(session, [paper.id for paper in papers], member_id)
    who = access.reader(session, member_id, papers, now) if member_id else NOBODY
    rules = programme.current(session)
    names = clubs(session) if any(paper.club for paper in papers) else {}
    return who, ended, rules, names


def _shown(
    paper: Paper,
    now: datetime,
    who: Reader,
    ended: Mapping[str, PaperRevocation],
    rules: Programme | None,
    names: Mapping[str, dict[str, str]],
) -> Shown:
    state = access.state(paper, who, ended, now)
    return Shown(
        paper,
        state,
        rules.tier(paper.tier_from) if rules and paper.tier_from else None,
        names.get(paper.club) if paper.club else None,
        ended[paper.id].reason if state == "revoked" else None,
    )


def _is_on_the_shelf(shown: Shown, ended: Mapping[str, PaperRevocation], now: datetime) -> bool:
    if shown.state in ("open", "later", "revoked"):
        return True
    return shown.state == "closed" and shown.paper.id not in ended and _is_listed(shown.paper, now)


def _is_listed(paper: Paper, now: datetime) -> bool:
    """Whether others see its title: only while somebody can read it."""
    return paper.is_listed and (paper.closes_at is None or now < paper.closes_at)
