"""Advisor seats by invitation: agreement versions, invitations, seats, and units that vest.

Units move through the ledger; the rows here say why and lead to the transfers.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from foundation.tables import Base, Id, Json, Moment, Number


class AgreementVersion(Base):
    """A published agreement, in every language it has. Append-only by trigger."""

    __tablename__ = "agreement_version"

    id: Mapped[Id] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    body: Mapped[Json]  # Markdown by language
    body_html: Mapped[Json]
    vested_when_leaving: Mapped[str]  # settled: is settled with her; lapses: ends with the seat
    published_by: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    published_at: Mapped[Moment]


class AgreementDraft(Base):
    """The one draft of the next version."""

    __tablename__ = "agreement_draft"
    __table_args__ = (CheckConstraint("lane = 1", name="lane"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    lane: Mapped[int] = mapped_column(unique=True)  # always 1: there is one draft at a time
    body: Mapped[Json]
    vested_when_leaving: Mapped[str]
    revision: Mapped[int]
    changed_by: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    changed_at: Mapped[Moment]


class SeatInvitation(Base):
    """An owner's invitation to one member. `units` None: the seat alone, which has no economic
    side. Open until it is answered, withdrawn or past `expires_at`."""

    __tablename__ = "seat_invitation"
    __table_args__ = (
        CheckConstraint(
            "(units is null and months is null and cliff_months is null and starts_at is null)"
            " or (units > 0 and months between 1 and 120"
            " and cliff_months between 0 and months and starts_at is not null)",
            name="units",
        ),
        Index(
            "uq_seat_invitation_open",
            "member_id",
            unique=True,
            sqlite_where=text(
                "declined_at is null and withdrawn_at is null and answered_at is null"
            ),
            postgresql_where=text(
                "declined_at is null and withdrawn_at is null and answered_at is null"
            ),
        ),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    agreement: Mapped[int] = mapped_column(ForeignKey("agreement_version.number"))
    reason: Mapped[str]
    units: Mapped[Number | None]
    months: Mapped[int | None]  # over which they vest, in monthly steps
    cliff_months: Mapped[int | None]  # before which nothing vests
    starts_at: Mapped[Moment | None]  # from when the months count
    counsel: Mapped[str | None]  # who approved it for units, as the settings said that day
    invited_by: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    invited_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    answered_at: Mapped[Moment | None]  # accepted: see Seat
    declined_at: Mapped[Moment | None]
    withdrawn_at: Mapped[Moment | None]
    withdrawn_by: Mapped[Id | None] = mapped_column(ForeignKey("member.id"))


class Seat(Base):
    """An accepted invitation: which version of the agreement, in which language, by whom, from
    where; over when `ended_at` is set."""

    __tablename__ = "seat"

    id: Mapped[Id] = mapped_column(primary_key=True)
    invitation_id: Mapped[Id] = mapped_column(ForeignKey("seat_invitation.id"), unique=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"), index=True)
    agreement: Mapped[int] = mapped_column(ForeignKey("agreement_version.number"))
    language: Mapped[str]  # in which she read it
    typed_name: Mapped[str]
    country: Mapped[str]  # ISO 3166-1, two letters, as she stated it
    address: Mapped[str]  # the IP address it was accepted from
    accepted_at: Mapped[Moment]
    ended_at: Mapped[Moment | None]
    ended_by: Mapped[Id | None] = mapped_column(ForeignKey("member.id"))
    end_reason: Mapped[str | None]


class UnitGrant(Base):
    """Units that came with a seat: pending in the ledger until they vest."""

    __tablename__ = "unit_grant"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("vested >= 0 and vested <= amount", name="vested"),
        CheckConstraint("settled >= 0 and settled <= vested", name="settled"),
        Index(
            "ix_unit_grant_vesting",
            "next_at",
            sqlite_where=text("next_at is not null"),
            postgresql_where=text("next_at is not null"),
        ),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    seat_id: Mapped[Id] = mapped_column(ForeignKey("seat.id"), unique=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"), index=True)
    amount: Mapped[Number]
    months: Mapped[int]
    cliff_months: Mapped[int]
    starts_at: Mapped[Moment]
    vested: Mapped[Number]  # the rows of UnitMove of kind vested add up to it
    settled: Mapped[Number]  # settled or lapsed, of what had vested
    next_at: Mapped[Moment | None]  # the next monthly step; None: nothing vests any more
    hold_id: Mapped[Id]  # the transfer that made them pending


class UnitMove(Base):
    """What became of units: vested, forfeited, settled, lapsed; each one transfer. Append-only."""

    __tablename__ = "unit_move"
    __table_args__ = (UniqueConstraint("grant_id", "kind", "step"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    grant_id: Mapped[Id] = mapped_column(ForeignKey("unit_grant.id"), index=True)
    kind: Mapped[str]
    step: Mapped[int]  # the month of a vesting; else how manieth of its kind
    amount: Mapped[Number]
    reason: Mapped[str]
    by_id: Mapped[Id | None] = mapped_column(ForeignKey("member.id"))
    at: Mapped[Moment]
    transfer_id: Mapped[Id]
