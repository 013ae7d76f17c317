"""Proofs: single-use secrets sent by mail. Whoever brings one back holds the mailbox."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from foundation.once import insert_once
from foundation.refusal import Refused
from foundation.tables import new_id
from members.models import Proof
from members.session import token_hash

Purpose = Literal["join", "reset", "move"]

LIFETIME = timedelta(hours=1)
#: Unused letters of one purpose per member and hour; more would be somebody's mail bomb.
AT_MOST = 3


@dataclass(frozen=True)
class Proven:
    """What a used proof says: whose, which address, and what comes true with it."""

    member_id: str
    email: str
    claim: Mapping[str, Any] = field(default_factory=dict)


def issue(
    session: Session,
    member_id: str,
    purpose: Purpose,
    email: str,
    now: datetime,
    *,
    claim: Mapping[str, Any] | None = None,
    once: str | None = None,
) -> str | None:
    """A new secret, of which only the hash is stored.

    None when there are enough letters on their way, or when the proof `once` was issued before.
    """
    if _waiting(session, member_id, purpose, now) >= AT_MOST:
        return None
    token = secrets.token_urlsafe(32)
    values = {
        "id": once or new_id(now),
        "member_id": member_id,
        "purpose": purpose,
        "email": email,
        "token_hash": token_hash(token),
        "created_at": now,
        "expires_at": now + LIFETIME,
        "used_at": None,
        "claim": dict(claim or {}),
    }
    return token if insert_once(session, Proof, values) else None


def look(session: Session, purpose: Purpose, token: str, now: datetime) -> Proven:
    """What a proof would say, without using it up; raises Refused when it says nothing any more."""
    proof = session.scalars(
        select(Proof).where(
            Proof.token_hash == token_hash(token),
            Proof.purpose == purpose,
            Proof.used_at.is_(None),
            Proof.expires_at > now,
        )
    ).first()
    if proof is None:
        raise Refused(
            "This link was used already or is too old. Ask for a new one.", code="proof", status=410
        )
    return Proven(proof.member_id, proof.email, proof.claim)


def use(session: Session, purpose: Purpose, token: str, now: datetime) -> Proven:
    """Use a proof up, and with it every other open one of the member but for other purposes.

    Raises Refused when it was used already, by whoever was quicker, or is too old.
    """
    proven = look(session, purpose, token, now)
    used = session.execute(
        update(Proof)
        .where(Proof.token_hash == token_hash(token), Proof.used_at.is_(None))
        .values(used_at=now, claim={})
        .returning(Proof.id)
        .execution_options(synchronize_session=False)
    ).first()
    if used is None:
        raise Refused(
            "This link was used already or is too old. Ask for a new one.", code="proof", status=410
        )
    void(session, proven.member_id, purpose, now)
    return proven


def void(session: Session, member_id: str, purpose: Purpose, now: datetime) -> None:
    """Make every open proof of a purpose worthless."""
    session.execute(
        update(Proof)
        .where(Proof.member_id == member_id, Proof.purpose == purpose, Proof.used_at.is_(None))
        .values(used_at=now, claim={})
        .execution_options(synchronize_session=False)
    )


def last_claim(
    session: Session, member_id: str, purpose: Purpose, *, browser: str = ""
) -> Mapping[str, Any] | None:
    """The claim of the newest unused proof, first of all one that came from `browser`."""
    claims = session.scalars(
        select(Proof.claim)
        .where(Proof.member_id == member_id, Proof.purpose == purpose, Proof.used_at.is_(None))
        .order_by(Proof.id.desc())
    ).all()
    own = [claim for claim in claims if browser and claim.get("browser") == browser]
    return next(iter([*own, *claims]), None)


def sweep(session: Session, now: datetime) -> int:
    """Forget proofs that ended a week ago; how many."""
    ended = session.execute(delete(Proof).where(Proof.expires_at < now - timedelta(days=7)))
    return int(ended.rowcount)  # type: ignore[attr-defined] # of a DELETE it is always there


def _waiting(session: Session, member_id: str, purpose: Purpose, now: datetime) -> int:
    open_ones = (Proof.used_at.is_(None), Proof.expires_at > now)
    return (
        session.scalar(
            select(func.count())
            .select_from(Proof)
            .where(Proof.member_id == member_id, Proof.purpose == purpose, *open_ones)
        )
        or 0
    )
