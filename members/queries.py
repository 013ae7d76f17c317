"""Reading members for pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from members.models import Member


@dataclass(frozen=True)
class Profile:
    """What everybody may know of a member."""

    id: str
    handle: str
    name: str
    role: str
    joined_at: datetime


def profile(session: Session, handle: str) -> Profile | None:
    """The public side of a member; None for those who never claimed their account."""
    row = session.execute(
        select(Member.id, Member.handle, Member.name, Member.role, Member.joined_at).where(
            Member.handle == handle.lower(), Member.claimed_at.is_not(None)
        )
    ).first()
    return Profile(*row) if row else None


def own(session: Session, member_id: str) -> Member:
    """A member's own row."""
    return session.get_one(Member, member_id)
