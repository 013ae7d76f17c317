"""Papers: writing one, changing it, ending access to it at once and giving it back.

The owner's room for what only members may know: texts and files, for a tier and those above, for
whoever wrote in a club, for single members.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from foundation import facts, markdown
from foundation.refusal import Refused
from foundation.tables import new_id
from notifications.telling import Telling, tell_many
from rewards import programme
from rewards.locking import lock_members
from rewards.papers import booking
from rewards.papers.files import File
from rewards.papers.models import Paper, PaperCopy, PaperGuest, PaperRevocation
from rewards.perks import notices as perk_notices
from rewards.perks.granting import member_called, reason_of

TITLE_LENGTH = 120
BODY_LENGTH = 100_000
#: Single members named for one paper; more are a tier or a club.
MOST_GUESTS = 200


@dataclass(frozen=True)
class PaperDraft:
    """What an owner says about a paper; `guests` are handles, `club` the address of one."""

    title: Mapping[str, str]
    body: Mapping[str, str]
    opens_at: datetime
    closes_at: datetime | None = None
    tier_from: str | None = None
    club: str | None = None
    guests: Sequence[str] = ()
    is_listed: bool = True


def write(
    session: Session, owner_id: str, draft: PaperDraft, file: File | None, now: datetime
) -> Paper:
    """A new paper, readable from `opens_at` on. The file is kept by the caller (paper_files).

    Refused at the field at fault: no title, nothing to read, nobody to read it, odd times.
    """
    guests = _check(session, draft, has_file=file is not None)
    paper = Paper(
        id=new_id(now), created_by=owner_id, created_at=now, **_values(draft, now), **_file(file)
    )
    session.add(paper)
    session.flush()
    _invite(session, paper.id, guests, owner_id, now)
    facts.record(session, "paper.written", owner_id, f"paper:{paper.id}", now)
    return paper


def change(
    session: Session,
    owner_id: str,
    paper_id: str,
    draft: PaperDraft,
    file: File | None,
    now: datetime,
) -> Paper:
    """Let a paper say something else, or be for others; without `file` it keeps the one it has."""
    paper = _locked(session, paper_id)
    guests = _check(session, draft, has_file=file is not None or paper.sha256 is not None)
    values = _values(draft, now) | (_file(file) if file else {})
    for name, value in values.items():
        setattr(paper, name, value)
    session.flush()
    had = _strike_off(session, paper_id, guests, now)
    fresh = [member_id for member_id in guests if member_id not in had]
    _invite(session, paper_id, fresh, owner_id, now)
    return paper


def revoke(
    session: Session,
    owner_id: str,
    paper_id: str,
    handle: str | None,
    reason: str,
    now: datetime,
) -> PaperRevocation:
    """End access at once, for @handle or (None) for all; whoever has a copy is told why."""
    _locked(session, paper_id)
    member_id = member_called(session, handle) if handle else None
    if _open_revocation(session, paper_id, member_id) is not None:
        raise Refused("That access has ended already.", code="revoked", status=409)
    revocation = PaperRevocation(
        id=new_id(now),
        paper_id=paper_id,
        member_id=member_id,
        reason=reason_of(reason),
        by_id=owner_id,
        at=now,
    )
    session.add(revocation)
    session.flush()
    booking.follow(session, paper_id, now)
    subject = f"paper_revocation:{revocation.id}"
    facts.record(session, "paper.revoked", member_id, subject, now, paper=paper_id)
    readers = [member_id] if member_id else _readers(session, paper_id)
    _tell(session, perk_notices.PAPER_REVOKED, paper_id, readers, now, reason=revocation.reason)
    return revocation


def lift(session: Session, owner_id: str, revocation_id: str, now: datetime) -> PaperRevocation:
    """Give access back; whoever has a copy is told."""
    revocation = session.get(PaperRevocation, revocation_id)
    if revocation is None:
        raise Refused("There is no such revocation.", code="no_revocation", status=404)
    _locked(session, revocation.paper_id)
    session.refresh(revocation)
    if revocation.lifted_at is not None:
        raise Refused("Access was given back already.", code="lifted", status=409)
    revocation.lifted_at, revocation.lifted_by = now, owner_id
    session.flush()
    paper_id = revocation.paper_id
    booking.follow(session, paper_id, now)
    readers = [revocation.member_id] if revocation.member_id else _readers(session, paper_id)
    _tell(session, perk_notices.PAPER_RESTORED, paper_id, readers, now)
    return revocation


def found(session: Session, paper_id: str) -> Paper:
    """The paper; Refused (404) when there is none."""
    paper = session.get(Paper, paper_id)
    if paper is None:
        raise Refused("There is no such paper.", code="no_paper", status=404)
    return paper


def _locked(session: Session, paper_id: str) -> Paper:
    """The paper, for which whoever else changes its readers waits."""
    paper = found(session, paper_id)
    session.refresh(paper, with_for_update={"key_share": True})
    return paper


def _check(session: Session, draft: PaperDraft, *, has_file: bool) -> list[str]:
    """The ids of the guests, when nothing is wrong with the draft."""
    if not draft.title.get("en", "").strip():
        raise Refused("Give it a title in English.", code="no_title", field="title_en")
    if not has_file and not draft.body.get("en", "").strip():
        raise Refused("Write a text, or choose a file.", code="no_body", field="body_en")
    if draft.closes_at is not None and draft.closes_at <= draft.opens_at:
        raise Refused(
            "It would end before it begins. Choose a later day.", code="closes", field="closes_on"
        )
    rules = programme.current(session)
    if draft.tier_from and not (rules and rules.tier(draft.tier_from)):
        raise Refused("Choose one of the tiers.", code="no_tier", field="tier_from")
    if not (draft.tier_from or draft.club or draft.guests):
        raise Refused(
            "Say whom it is for: a tier, a club, or single members.",
            code="nobody",
            field="tier_from",
        )
    if len(draft.guests) > MOST_GUESTS:
        raise Refused(
            "Name %(most)s members at most, or choose a tier.",
            code="too_many",
            field="guests",
            most=MOST_GUESTS,
        )
    return [member_called(session, handle, "guests") for handle in draft.guests]


def _values(draft: PaperDraft, now: datetime) -> dict[str, Any]:
    return {
        "title": dict(draft.title),
        "body": dict(draft.body),
        "body_html": {code: markdown.to_html(text) for code, text in draft.body.items()},
        "markdown_version": markdown.VERSION,
        "tier_from": draft.tier_from or None,
        "club": draft.club or None,
        "is_listed": draft.is_listed,
        "opens_at": draft.opens_at,
        "closes_at": draft.closes_at,
        "changed_at": now,
    }


def _file(file: File | None) -> dict[str, Any]:
    if file is None:
        return {}
    return {
        "file_name": file.name,
        "media_type": file.media_type,
        "size": len(file.data),
        "sha256": file.sha256,
    }


def _invite(
    session: Session, paper_id: str, guests: Sequence[str], owner_id: str, now: datetime
) -> None:
    rows = [
        {"paper_id": paper_id, "member_id": member_id, "by_id": owner_id, "at": now}
        for member_id in dict.fromkeys(guests)
    ]
    if rows:
        session.execute(insert(PaperGuest), rows)
        booking.follow(session, paper_id, now)


def _strike_off(
    session: Session, paper_id: str, guests: Collection[str], now: datetime
) -> set[str]:
    """Take the paper from guests who are named no longer; whoever was one before."""
    of_paper = select(PaperGuest).where(PaperGuest.paper_id == paper_id)
    before = session.scalars(of_paper.order_by(PaperGuest.member_id)).all()
    lock_members(session, {*guests, *(guest.member_id for guest in before)})
    gone = [guest for guest in before if guest.member_id not in guests]
    booking.take_back(session, gone, now)
    for guest in gone:
        session.delete(guest)
    session.flush()
    return {guest.member_id for guest in before}


def _open_revocation(
    session: Session, paper_id: str, member_id: str | None
) -> PaperRevocation | None:
    whose = (
        PaperRevocation.member_id.is_(None)
        if member_id is None
        else PaperRevocation.member_id == member_id
    )
    return session.scalars(
        select(PaperRevocation).where(
            PaperRevocation.paper_id == paper_id, whose, PaperRevocation.lifted_at.is_(None)
        )
    ).first()


def _readers(session: Session, paper_id: str) -> list[str]:
    """Members who have a copy."""
    return list(session.scalars(select(PaperCopy.member_id).where(PaperCopy.paper_id == paper_id)))


def _tell(
    session: Session,
    notice: Any,
    paper_id: str,
    readers: Sequence[str],
    now: datetime,
    **params: Any,
) -> None:
    title = found(session, paper_id).title
    tellings = [
        Telling(reader, "/papers", f"paper:{paper_id}", {"paper": title, **params})
        for reader in readers
    ]
    tell_many(session, notice, tellings, now)
