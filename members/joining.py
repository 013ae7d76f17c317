"""Joining: how somebody becomes a member.

Signing up never changes an account that exists: what was typed waits in a proof, and comes true
when the letter to the address comes back. Until then nobody has joined: `member.joined` is recorded
with the proof, at the time of the sign-up, so that a stranger who typed the address first leaves no
trace. An address that has an account already gets a friendly letter; the page answers the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import facts
from foundation.facts import FactDraft
from foundation.once import insert_once
from foundation.refusal import Refused
from foundation.tables import new_id
from members import addresses, consents, handles, letters, mailboxes, proofs
from members.customers import Customer, known_customer, known_customers
from members.models import Member

__all__ = ["Customer", "SignUp", "add", "known_customer", "known_customers", "sign_up"]


@dataclass(frozen=True)
class SignUp:
    """What somebody typed to become a member; the password only as its hash.

    `browser` is the hash of a mark kept in the browser, `referral_cookie` whatever the cookie of
    that name holds: the room of referrals reads it from the fact `member.joined`.
    """

    name: str
    email: str
    password_hash: str
    language: str = "en"
    time_zone: str = "UTC"
    consents: Mapping[str, bool] = field(default_factory=lambda: dict(consents.AT_SIGN_UP))
    browser: str = ""
    referral_cookie: str | None = None


def clean_name(name: str) -> str:
    """A name with its blanks tidied; raises Refused when there is none."""
    tidy = " ".join("".join(letter for letter in name if letter.isprintable()).split())
    if not 1 <= len(tidy) <= 60:
        raise Refused("Write a name of 1 to 60 characters.", code="name", field="name")
    return tidy


def sign_up(session: Session, draft: SignUp, now: datetime, *, once: str | None = None) -> None:
    """Send a letter that makes the address's reader a member.

    `once` names the attempt, so that one delivered twice is one.
    """
    email = addresses.normalise(draft.email)
    member = _member_of(session, email, draft, now)
    if member.claimed_at is not None:
        letters.known(session, member.id, now, email=email)
        return
    chosen = {**asdict(draft), "asked_at": now.isoformat()}
    ask_for_proof(session, member.id, email, chosen, now, once=once)


def ask_for_proof(
    session: Session,
    member_id: str,
    email: str,
    claim: Mapping[str, Any],
    now: datetime,
    *,
    once: str | None = None,
) -> None:
    """Send the letter whose link makes `claim` come true."""
    token = proofs.issue(session, member_id, "join", email, now, claim=claim, once=once)
    if token is not None:
        letters.write(
            session,
            "member.join",
            member_id,
            now,
            email=email,
            secret=f"/verify/{token}",
            until=now + proofs.LIFETIME,
            minutes=int(proofs.LIFETIME.total_seconds() // 60),
        )


def add(session: Session, draft: SignUp, now: datetime, *, role: str = "member") -> str:
    """Make a verified member at once, for the command line and the demo; her identifier.

    Raises Refused when the address has an account already.
    """
    email = addresses.normalise(draft.email)
    member = _member_of(session, email, draft, now)
    if member.claimed_at is not None:
        raise Refused("This address has an account already.", code="email_taken", field="email")
    member.role = role  # before anybody hears of it, so that staff are seen as staff
    claim(session, member, asdict(draft), now)
    if role != "member":
        facts.record(session, "role.granted", member.id, f"role:{member.id}", now, role=role)
    return member.id


def claim(session: Session, member: Member, chosen: Mapping[str, Any], now: datetime) -> None:
    """Make what was typed at sign-up true of a member whose address is proven.

    Records `member.joined` (details: referral_cookie), then `member.verified`; before it
    `member.same_mailbox` when another account has the same mailbox.
    """
    subject = f"member:{member.id}"
    # Told before her own row is touched: who hears of it locks her among others, in their order.
    facts.record_many(session, [_joined(member, subject, chosen, now)], now)
    member.name = chosen.get("name") or member.name
    member.password_hash = chosen.get("password_hash") or member.password_hash
    member.language = chosen.get("language") or member.language
    member.time_zone = chosen.get("time_zone") or member.time_zone
    member.email_verified_at = member.email_verified_at or now
    member.claimed_at = member.claimed_at or now
    if handles.is_provisional(member.handle):
        member.handle = handles.suggest(session, member.name, member.id)
    session.flush()
    consents.give(session, member.id, chosen.get("consents") or {}, now)
    first = mailboxes.take(session, member.id, member.email, now) if member.email else None
    if first is None:
        facts.record(session, "member.verified", member.id, subject, now)
    else:
        facts.record(session, "member.same_mailbox", member.id, subject, now, first=first)
        facts.record(session, "member.verified", member.id, subject, now, same_mailbox=True)


def _joined(member: Member, subject: str, chosen: Mapping[str, Any], now: datetime) -> FactDraft:
    asked_at = chosen.get("asked_at")
    at = datetime.fromisoformat(asked_at) if asked_at else now
    cookie = {"referral_cookie": chosen.get("referral_cookie")}
    return FactDraft("member.joined", member.id, subject, at, cookie)


def _member_of(session: Session, email: str, draft: SignUp, now: datetime) -> Member:
    """The member of an address: known already, or made now without any password."""
    member_id = new_id(now)
    insert_once(
        session,
        Member,
        {
            "id": member_id,
            "handle": handles.provisional(member_id),
            "name": clean_name(draft.name),
            "email": email,
            "role": "member",
            "language": draft.language,
            "time_zone": draft.time_zone,
            "joined_at": now,
        },
    )
    return session.scalars(select(Member).where(Member.email == email)).one()
