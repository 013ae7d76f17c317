"""Signing in and out: one row per browser; revoked, it stops working at its next request."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from foundation.refusal import Refused
from foundation.tables import new_id
from members.models import Member, SignIn
from members.session import token_hash

#: A browser not seen for so long has to sign in again.
FORGOTTEN_AFTER = timedelta(days=60)
#: How exactly `last_seen_at` is kept: a write per page would be waste.
SEEN_EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class Known:
    """What signing in needs of an account."""

    id: str
    email: str
    name: str
    password_hash: str | None


def find(session: Session, email: str) -> Known | None:
    """The account of an address."""
    row = session.execute(
        select(Member.id, Member.email, Member.name, Member.password_hash).where(
            Member.email == email
        )
    ).first()
    return Known(row.id, row.email or "", row.name, row.password_hash) if row else None


def known(session: Session, member_id: str) -> Known:
    """The account of a member."""
    member = session.get_one(Member, member_id)
    return Known(member.id, member.email or "", member.name, member.password_hash)


def wrong() -> Refused:
    """The one answer to whatever is wrong: no account, not confirmed, another password."""
    return Refused(
        "The address and the password do not go together, or the address is not confirmed yet.",
        code="sign_in",
    )


def sign_in(
    session: Session, member_id: str, now: datetime, *, address: str = "", browser: str = ""
) -> str:
    """Open a browser's sign-in; its secret, of which only the hash is stored."""
    token = secrets.token_urlsafe(32)
    session.add(
        SignIn(
            id=new_id(now),
            member_id=member_id,
            token_hash=token_hash(token),
            address=address[:64],
            browser=browser[:300],
            created_at=now,
            last_seen_at=now,
        )
    )
    session.flush()
    return token


def sign_out(session: Session, token: str, now: datetime) -> None:
    """End the sign-in of this browser."""
    session.execute(
        update(SignIn)
        .where(SignIn.token_hash == token_hash(token), SignIn.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def open_ones(session: Session, member_id: str) -> Sequence[SignIn]:
    """Browsers signed in, the one seen last first."""
    return session.scalars(
        select(SignIn)
        .where(SignIn.member_id == member_id, SignIn.revoked_at.is_(None))
        .order_by(SignIn.last_seen_at.desc(), SignIn.id.desc())
    ).all()


def revoke(session: Session, member_id: str, sign_in_id: str, now: datetime) -> None:
    """End one of the member's sign-ins; somebody else's is left alone."""
    session.execute(
        update(SignIn)
        .where(SignIn.id == sign_in_id, SignIn.member_id == member_id, SignIn.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def revoke_others(
    session: Session, member_id: str, now: datetime, *, keep: str | None = None
) -> int:
    """End every sign-in of the member but `keep`; how many."""
    ended = session.execute(
        update(SignIn)
        .where(
            SignIn.member_id == member_id, SignIn.revoked_at.is_(None), SignIn.id != (keep or "")
        )
        .values(revoked_at=now)
    )
    return int(ended.rowcount)  # type: ignore[attr-defined] # of an UPDATE it is always there


def seen(session: Session, sign_in_id: str, now: datetime) -> None:
    """Keep when this browser was last here."""
    session.execute(
        update(SignIn)
        .where(SignIn.id == sign_in_id, SignIn.last_seen_at < now - SEEN_EVERY)
        .values(last_seen_at=now)
    )


def sweep(session: Session, now: datetime) -> int:
    """Forget sign-ins that ended or were not seen for `FORGOTTEN_AFTER`; how many."""
    long_ago = now - FORGOTTEN_AFTER
    ended = session.execute(
        delete(SignIn).where(or_(SignIn.revoked_at < long_ago, SignIn.last_seen_at < long_ago))
    )
    return int(ended.rowcount)  # type: ignore[attr-defined] # of a DELETE it is always there
