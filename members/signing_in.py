"""Signing in and out: one row per browser; revoked, it stops working at its next request."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from foundation.tables import new_id
from members.models import SignIn
from members.session import token_hash


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
