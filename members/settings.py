"""Settings: what a member decides about herself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import available_timezones

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from foundation import versions
from foundation.refusal import Refused
from foundation.words import LANGUAGES
from members import addresses, handles, letters, mailboxes, proofs, signing_in
from members.joining import clean_name
from members.models import Member


@dataclass(frozen=True)
class Profile:
    """What a member may change at once."""

    name: str
    handle: str
    language: str
    time_zone: str


def change_profile(session: Session, member_id: str, draft: Profile, now: datetime) -> None:
    """Keep a new name, handle, language and time zone; raises Refused."""
    member = session.get_one(Member, member_id)
    handle = member.handle if draft.handle == member.handle else handles.check(draft.handle)
    taken = select(Member.id).where(Member.handle == handle, Member.id != member_id)
    if session.scalar(taken) is not None:
        raise Refused("Somebody else has this handle.", code="handle_taken", field="handle")
    if draft.language not in LANGUAGES or draft.time_zone not in available_timezones():
        raise Refused("Choose a language and a time zone from the lists.", code="choice")
    name = clean_name(draft.name)
    if (name, handle) != (member.name, member.handle):
        versions.touch(session, "site")  # her name stands beside everything she wrote
    member.name, member.handle = name, handle
    member.language, member.time_zone = draft.language, draft.time_zone
    session.flush()


def change_password(
    session: Session, member_id: str, password_hash: str, now: datetime, *, keep: str
) -> None:
    """Set a new password, end every sign-in but `keep`, void open letters and tell the owner."""
    member = session.get_one(Member, member_id)
    member.password_hash = password_hash
    session.flush()
    proofs.void(session, member_id, "reset", now)
    signing_in.revoke_others(session, member_id, now, keep=keep)
    if member.email:
        letters.write(session, "member.password_changed", member_id, now, email=member.email)


def ask_to_move(session: Session, member_id: str, email: str, now: datetime) -> None:
    """Send a letter to a new address; nothing changes until it comes back.

    If somebody has the address already, it is she who gets a letter; the page answers the same.
    """
    wanted = addresses.normalise(email)
    owner = session.scalar(select(Member.id).where(Member.email == wanted))
    if owner is not None:
        letters.known(session, owner, now, email=wanted)
        return
    token = proofs.issue(session, member_id, "move", wanted, now)
    if token is not None:
        letters.write(
            session,
            "member.move",
            member_id,
            now,
            email=wanted,
            secret=f"/settings/email/{token}",
            until=now + proofs.LIFETIME,
            minutes=int(proofs.LIFETIME.total_seconds() // 60),
        )


def move(session: Session, member_id: str, token: str, now: datetime) -> str:
    """Change the address to the one that is proven, and tell the old one; raises Refused."""
    proven = proofs.use(session, "move", token, now)
    member = session.get_one(Member, member_id)
    before = member.email
    taken = select(Member.id).where(Member.email == proven.email).exists()
    if proven.member_id != member_id or session.scalar(select(taken)):
        raise Refused(
            "This link was used already or is too old. Ask for a new one.", code="proof", status=410
        )
    session.execute(
        update(Member)
        .where(Member.id == member_id)
        .values(email=proven.email, email_verified_at=now)
    )
    mailboxes.take(session, member_id, proven.email, now)
    if before:
        letters.write(session, "member.moved", member_id, now, email=before, new_email=proven.email)
    return proven.email
