"""Members, their sign-ins, letters of proof and consents."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from foundation.tables import Base, Id, Json, Moment


def _unique(name: str) -> Index:
    """An index of all rows would make it a key of the table: whoever changes a key on PostgreSQL
    waits for all who write what refers to the row (migration 3620)."""
    there = text(f"{name} is not null")
    return Index(f"ix_member_{name}", name, unique=True, postgresql_where=there)


class Member(Base):
    """A person the business knows; `password_hash` is None until the account is claimed."""

    __tablename__ = "member"
    __table_args__ = (_unique("handle"), _unique("email"), _unique("customer_ref"))

    id: Mapped[Id] = mapped_column(primary_key=True)
    handle: Mapped[str]  # in addresses and mentions
    name: Mapped[str]
    email: Mapped[str | None]  # normalised, lower case
    email_verified_at: Mapped[Moment | None]
    password_hash: Mapped[str | None]
    role: Mapped[str] = mapped_column(default="member")
    language: Mapped[str] = mapped_column(default="en")
    time_zone: Mapped[str] = mapped_column(default="UTC")
    customer_ref: Mapped[str | None]  # the shop's own number
    joined_at: Mapped[Moment]
    claimed_at: Mapped[Moment | None]


class Mailbox(Base):
    """Who proved first that she reads a mailbox; it stays with her."""

    __tablename__ = "mailbox"

    mailbox: Mapped[str] = mapped_column(primary_key=True)  # `addresses.mailbox`
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    at: Mapped[Moment]


class SignIn(Base):
    """One browser signed in; revoked, it stops working at its next request."""

    __tablename__ = "sign_in"

    id: Mapped[Id] = mapped_column(primary_key=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    address: Mapped[str]
    browser: Mapped[str]
    created_at: Mapped[Moment]
    last_seen_at: Mapped[Moment]
    revoked_at: Mapped[Moment | None]


class Proof(Base):
    """A single-use secret sent by mail: `join`, `reset` a password, `move` to a new address."""

    __tablename__ = "proof"

    id: Mapped[Id] = mapped_column(primary_key=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"), index=True)
    purpose: Mapped[str]
    email: Mapped[str]  # the address it proves
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    used_at: Mapped[Moment | None]
    claim: Mapped[Json]  # what comes true with the proof: name, password hash; emptied by its use


class Consent(Base):
    """Whether a member wants to hear of `category` over `channel`, and since when."""

    __tablename__ = "consent"
    __table_args__ = (UniqueConstraint("member_id", "channel", "category"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    channel: Mapped[str]
    category: Mapped[str]
    given: Mapped[bool]
    changed_at: Mapped[Moment]


class RoleGrant(Base):
    """Who gave whom which role, and when; `granted_by` is None for the command line."""

    __tablename__ = "role_grant"

    id: Mapped[Id] = mapped_column(primary_key=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"), index=True)
    role: Mapped[str]
    granted_by: Mapped[Id | None] = mapped_column(ForeignKey("member.id"))
    at: Mapped[Moment]


class ApiKey(Base):
    """A machine that may call the API, made by an owner; only the hash of its secret is kept."""

    __tablename__ = "api_key"

    id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str]
    secret_hash: Mapped[str] = mapped_column(unique=True)
    ending: Mapped[str]  # the secret's last letters, to tell keys apart
    scopes: Mapped[str]  # what it is for, in alphabetical order with blanks between
    made_by: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    made_at: Mapped[Moment]
    seen_at: Mapped[Moment | None]  # about when it was last used
    revoked_by: Mapped[Id | None] = mapped_column(ForeignKey("member.id"))
    revoked_at: Mapped[Moment | None]
