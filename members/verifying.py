"""Verifying: the letter came back, so the address is hers and what she typed comes true."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.refusal import Refused
from members import joining, proofs
from members.models import Member


def verify(session: Session, token: str, now: datetime) -> str:
    """Make a sign-up true; the member's identifier.

    Records `member.verified`. Whether the password may be the one typed at sign-up is asked before
    (`is_hers`): somebody else could have signed up with her address. Raises Refused.
    """
    proven = proofs.use(session, "join", token, now)
    member = session.get_one(Member, proven.member_id)
    if member.claimed_at is not None or member.email != proven.email:
        raise Refused("This address is confirmed already. Sign in.", code="proof", status=410)
    joining.claim(session, member, proven.claim, now)
    return member.id


def send_again(
    session: Session, email: str, now: datetime, *, browser: str = "", once: str | None = None
) -> None:
    """Another letter for a sign-up that waits; silence when none does."""
    member = session.scalars(select(Member).where(Member.email == email)).first()
    if member is None or member.claimed_at is not None:
        return
    claim = proofs.last_claim(session, member.id, "join", browser=browser)
    if claim:
        joining.ask_for_proof(session, member.id, email, claim, now, once=once)
