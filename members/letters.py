"""Letters about the account, put into the outbox for whoever carries mail.

Rooms above this one put them into words (templates/notices/member_….html). A letter's secret link
is forgotten once it was delivered, and a letter whose link has grown too old is not sent at all.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from foundation import outbox


def write(
    session: Session,
    kind: str,
    member_id: str,
    now: datetime,
    *,
    email: str,
    link: str = "/settings",
    secret: str | None = None,
    until: datetime | None = None,
    key: str | None = None,
    **params: Any,
) -> None:
    """Promise a letter of `kind` to `email`; `secret` is the path that only its reader may know."""
    payload = {
        "letter": kind,
        "member": member_id,
        "to": email,
        "link": link,
        "until": until.isoformat() if until else None,
        "params": params,
    }
    if secret:
        payload["secret"] = secret
    outbox.put(session, "mail", payload, now, key=key)


def known(session: Session, member_id: str, now: datetime, *, email: str) -> None:
    """Tell an owner that somebody typed her address to join; at most once a day."""
    key = f"member.known:{member_id}:{now.date()}"
    write(session, "member.known", member_id, now, email=email, link="/sign-in", key=key)
