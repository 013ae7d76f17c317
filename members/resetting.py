"""Resetting: a new password for whoever holds the mailbox, which is also the way back in for an
owner whose account is under attack, and the way in for a customer known from orders.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from members import joining, letters, proofs, signing_in
from members.models import Member


def ask(session: Session, email: str, now: datetime, *, once: str | None = None) -> None:
    """Send a letter with a link for a new password; silence when nobody has the address."""
    member = session.scalars(select(Member).where(Member.email == email)).first()
    if member is None:
        return
    token = proofs.issue(session, member.id, "reset", email, now, once=once)
    if token is not None:
        letters.write(
            session,
            "member.reset",
            member.id,
            now,
            email=email,
            secret=f"/reset/{token}",
            until=now + proofs.LIFETIME,
            minutes=int(proofs.LIFETIME.total_seconds() // 60),
        )


def reset(session: Session, token: str, password_hash: str, now: datetime) -> str:
    """Set a new password, end every sign-in and tell the owner; her identifier. Raises Refused."""
    proven = proofs.use(session, "reset", token, now)
    member = session.get_one(Member, proven.member_id)
    if member.claimed_at is None:
        proofs.void(session, member.id, "join", now)
        joining.claim(session, member, {"password_hash": password_hash}, now)
    member.password_hash = password_hash
    session.flush()
    signing_in.revoke_others(session, member.id, now)
    letters.write(session, "member.password_changed", member.id, now, email=proven.email)
    return member.id
