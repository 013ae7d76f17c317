"""Keys for machines: how a shop proves who it is when it calls the API.

A key is 256 random bits, shown once when it is made; we keep only its hash. It is for what its
owner said and for nothing else. An owner makes and revokes keys, and both are on record.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, aliased

from foundation.refusal import Refused
from foundation.tables import new_id
from members.models import ApiKey, Member
from members.session import token_hash

#: Every key begins so, which lets scanners of source code find one that was committed.
PREFIX = "bmk_"
#: When a key was last seen is kept this exactly: not every call should write.
SEEN_EVERY = timedelta(minutes=10)
#: What a key can be for, and what people call that; app.py asks the rooms that have an API.
SCOPES: dict[str, Any] = {}


@dataclass(frozen=True)
class KeyLine:
    """A key as its owner sees it."""

    id: str
    name: str
    ending: str
    scopes: str
    by: str
    made_at: datetime
    seen_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None

    @property
    def is_for(self) -> list[str]:
        """What it is for, in the reader's language."""
        return [str(SCOPES.get(scope, scope)) for scope in self.scopes.split()]


def make(session: Session, owner_id: str, name: str, scopes: Collection[str], now: datetime) -> str:
    """A new key for the machine called `name`; the secret, which nobody can show again.

    Refused (field `scopes`) when it would be for nothing, or for something that we do not have.
    """
    if not scopes or not set(scopes) <= set(SCOPES):
        raise Refused("Say what the key is for: tick at least one.", code="scopes", field="scopes")
    secret = PREFIX + secrets.token_urlsafe(32)
    key = ApiKey(
        id=new_id(now),
        name=name.strip(),
        secret_hash=token_hash(secret),
        ending=secret[-4:],
        scopes=" ".join(sorted(set(scopes))),
        made_by=owner_id,
        made_at=now,
    )
    session.add(key)
    session.flush()
    return secret


def revoke(session: Session, key_id: str, owner_id: str, now: datetime) -> None:
    """End a key for good; again, it changes nothing. Refused (404) when there is none."""
    key = session.get(ApiKey, key_id)
    if key is None:
        raise Refused("There is no such key.", code="unknown_key", status=404)
    session.execute(
        update(ApiKey)
        .where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=now, revoked_by=owner_id)
    )


def holder(session: Session, secret: str) -> ApiKey | None:
    """The key with this secret, if it was not revoked."""
    return session.scalars(
        select(ApiKey).where(ApiKey.secret_hash == token_hash(secret), ApiKey.revoked_at.is_(None))
    ).first()


def refuse_beyond(key: ApiKey, scope: str) -> None:
    """Refused (403) when a key was not made for `scope`."""
    if scope not in key.scopes.split():
        raise Refused(
            "This key was not made for that (%(what)s). An owner can make one that is, under “Keys"
            " for machines”.",
            code="scope",
            status=403,
            figures={"scope": scope},
            what=str(SCOPES.get(scope, scope)),
        )


def is_news(key: ApiKey, now: datetime) -> bool:
    """Whether it is worth keeping that `key` is used at `now`."""
    return key.seen_at is None or key.seen_at <= now - SEEN_EVERY


def seen(session: Session, key_id: str, now: datetime) -> None:
    """Keep that a key was used just now."""
    session.execute(update(ApiKey).where(ApiKey.id == key_id).values(seen_at=now))


def lines(session: Session) -> Sequence[KeyLine]:
    """Every key there ever was, those in force first, then the newest."""
    maker, ender = aliased(Member), aliased(Member)
    rows = session.execute(
        select(
            ApiKey.id,
            ApiKey.name,
            ApiKey.ending,
            ApiKey.scopes,
            maker.name,
            ApiKey.made_at,
            ApiKey.seen_at,
            ApiKey.revoked_at,
            ender.name,
        )
        .join(maker, maker.id == ApiKey.made_by)
        .outerjoin(ender, ender.id == ApiKey.revoked_by)
        .order_by(ApiKey.revoked_at.is_not(None), ApiKey.id.desc())
    )
    return [KeyLine(*row) for row in rows]
