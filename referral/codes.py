"""Codes: given once to each member, renewed when they got into wrong hands, revoked at will."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from foundation.once import insert_once
from foundation.refusal import Refused
from foundation.tables import ALPHABET
from members.handles import is_provisional
from members.models import Member
from referral.models import Code

#: 8 letters of 32 are 40 bits: a million guesses a second find one of a million codes in a second,
#: one member's in a fortnight; a guess gains nothing but a click on somebody else's link.
RANDOM_LETTERS = 8
LONGEST_NAME = 60


def ensure(session: Session, member_id: str, now: datetime) -> Code | None:
    """The member's code, made at the first asking; None when she revoked hers and made no other."""
    # One look at all of hers: between two looks another request could make the first one.
    hers = session.scalars(select(Code).where(Code.member_id == member_id)).all()
    if not hers:
        return _issue(session, member_id, now)
    return next((code for code in hers if code.revoked_at is None), None)


def active(session: Session, member_id: str) -> Code | None:
    """The code that counts today."""
    return session.scalars(
        select(Code).where(Code.member_id == member_id, Code.revoked_at.is_(None))
    ).first()


def renew(session: Session, member_id: str, now: datetime) -> Code:
    """A fresh code; the old one, if any, stops working. Friends on their way are kept."""
    revoke(session, member_id, now)
    return _issue(session, member_id, now)


def revoke(session: Session, member_id: str, now: datetime) -> bool:
    """Make the member's link lead nowhere; False when she has none."""
    done = session.execute(
        update(Code)
        .where(Code.member_id == member_id, Code.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(Code.code)
    ).first()
    return done is not None


def show_as(session: Session, member_id: str, name: str) -> None:
    """Choose the name that friends read. Raises Refused for none, a long one, or without a link."""
    shown = " ".join(name.split())
    if not shown or len(shown) > LONGEST_NAME:
        raise Refused(
            "Write a name of 1 to %(most)s letters.", code="name", field="name", most=LONGEST_NAME
        )
    changed = session.execute(
        update(Code)
        .where(Code.member_id == member_id, Code.revoked_at.is_(None))
        .values(shown_as=shown)
        .returning(Code.code)
    ).first()
    if changed is None:
        raise Refused("You have no link at the moment. Make one first.", code="no_link")


def _issue(session: Session, member_id: str, now: datetime) -> Code:
    member = session.get_one(Member, member_id)
    values = {"member_id": member_id, "shown_as": _shown(session, member), "created_at": now}
    # Lost against another request of hers, or (once in a trillion) against the same letters.
    for _attempt in range(3):
        if insert_once(session, Code, values | {"code": _made_up(member.handle)}):
            break
        if active(session, member_id):
            break
    return session.scalars(
        select(Code).where(Code.member_id == member_id, Code.revoked_at.is_(None))
    ).one()


def _shown(session: Session, member: Member) -> str:
    """The name she chose last, or the one she goes by."""
    chosen = session.scalar(
        select(Code.shown_as)
        .where(Code.member_id == member.id)
        .order_by(Code.created_at.desc())
        .limit(1)
    )
    return chosen or member.name


def _made_up(handle: str) -> str:
    stem = "" if is_provisional(handle) else f"{handle[:16].replace('_', '-').strip('-')}-"
    return stem + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LETTERS))
