"""Handles: how members appear in addresses and mentions (@ada)."""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.refusal import Refused
from members import addresses
from members.models import Member

#: Letters a handle may be made of; short enough to be typed in a mention.
PATTERN = re.compile(r"[a-z0-9][a-z0-9_]{2,23}")

#: Names that would let somebody pose as the house, or that addresses need.
RESERVED = frozenset(
    (
        *("admin", "administrator", "bellmouth", "company", "help", "me", "member", "members"),
        *("moderator", "null", "owner", "root", "settings", "staff", "support", "system"),
    )
)


def provisional(member_id: str) -> str:
    """The handle of somebody who never chose one; the end of an identifier is random enough."""
    return f"guest_{member_id[-10:]}"


def is_provisional(handle: str) -> bool:
    return handle.startswith("guest_")


def objection(handle: str) -> str | None:
    """Why `handle` cannot be taken, in a sentence; None when it can."""
    if not PATTERN.fullmatch(handle):
        return "Use 3 to 24 letters from a to z, digits or _, starting with a letter or digit."
    if handle in RESERVED or is_provisional(handle):
        return "This name is kept free. Choose another one."
    return None


def suggest(session: Session, name: str, member_id: str) -> str:
    """A free handle close to `name`; of a name in another script, a provisional one."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:18]
    if objection(stem):
        return provisional(member_id)
    for candidate in (stem, f"{stem}_{member_id[-4:]}"):
        if session.scalar(select(Member.id).where(Member.handle == candidate)) is None:
            return candidate
    return provisional(member_id)


def find(session: Session, typed: str) -> str | None:
    """The member somebody means by @handle or by e-mail address; None when there is nobody."""
    name = typed.strip()
    if "@" in name[1:]:
        email = addresses.normalise_known(name)
        return session.scalar(select(Member.id).where(Member.email == email)) if email else None
    return session.scalar(select(Member.id).where(Member.handle == name.removeprefix("@").lower()))


def check(handle: str) -> str:
    """`handle` in lower case; raises Refused when it cannot be one."""
    wanted = handle.strip().lstrip("@").lower()
    if (reason := objection(wanted)) is not None:
        raise Refused(reason, code="handle", field="handle")
    return wanted
