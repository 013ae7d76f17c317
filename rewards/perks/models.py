"""Perks given to single members."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from foundation.tables import Base, Id, Moment


class Entitlement(Base):
    """A perk given to one member, by an owner or by a rule for a fact; what a tier carries has no
    row. It ends at `ends_at` (None: it does not), or when it is taken back."""

    __tablename__ = "entitlement"
    __table_args__ = (
        UniqueConstraint("fact_id", "perk", "member_id"),
        Index("ix_entitlement_member_id_perk", "member_id", "perk"),
        Index("uq_entitlement_request_key", "request_key", unique=True),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    perk: Mapped[str]
    reason: Mapped[str]  # the owner's words; empty when a rule gave it
    fact_id: Mapped[Id | None]  # the fact a rule gave it for
    fact_kind: Mapped[str | None]
    version: Mapped[int]  # the programme's, when it was given
    granted_by: Mapped[Id | None] = mapped_column(ForeignKey("member.id"))
    granted_at: Mapped[Moment]
    ends_at: Mapped[Moment | None]
    revoked_at: Mapped[Moment | None]
    revoked_by: Mapped[Id | None] = mapped_column(ForeignKey("member.id"))
    revoke_reason: Mapped[str | None]
    request_key: Mapped[str | None]  # of the form that gave it, so that a double click gives one
    transfer_id: Mapped[Id | None]  # that gave its unit in the book
    taken_back_id: Mapped[Id | None]  # that took it back; none when it had ended by then
