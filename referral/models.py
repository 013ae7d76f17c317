"""Codes, clicks and their count, referrals and the states they went through."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from foundation.tables import Base, BigNumber, Id, Moment, Number

ACTIVE = text("revoked_at is null")


class Code(Base):
    """What stands in a member's link; at most one per member is not revoked."""

    __tablename__ = "referral_code"
    __table_args__ = (
        Index(
            "uq_referral_code_active",
            "member_id",
            unique=True,
            sqlite_where=ACTIVE,
            postgresql_where=ACTIVE,
        ),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"), index=True)
    shown_as: Mapped[str]  # the name friends read
    created_at: Mapped[Moment]
    revoked_at: Mapped[Moment | None]


class Click(Base):
    """One page opened through a link. Append-only, and it says nothing about who clicked."""

    __tablename__ = "referral_click"

    id: Mapped[int] = mapped_column(BigNumber, primary_key=True, autoincrement=True)
    code: Mapped[str]  # no index: whoever wants a number asks the counts
    channel: Mapped[str]
    landing: Mapped[str]  # the path it leads to in the end
    at: Mapped[Moment]


class ClickCount(Base):
    """How often a code was clicked on a channel: the sum over its slots.

    A trigger of the clicks' own INSERT counts (migrations 0800, 2200), so that it is one statement.
    Slots keep two processes from waiting for one another on PostgreSQL; on SQLite, where writers
    queue anyway, everything is in slot 0.
    """

    __tablename__ = "referral_click_count"

    code: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    clicks: Mapped[Number]


class Referral(Base):
    """A friend brought by a member. `state` is that of the newest `Step`; sums in minor units."""

    __tablename__ = "referral"
    __table_args__ = (
        CheckConstraint("referrer_id <> friend_id", name="self"),
        Index("ix_referral_referrer_id_id", "referrer_id", "id"),
        Index("ix_referral_state_release_at", "state", "release_at"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(ForeignKey("referral_code.code"))
    referrer_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    friend_id: Mapped[Id] = mapped_column(ForeignKey("member.id"), unique=True)
    channel: Mapped[str]
    clicked_at: Mapped[Moment]
    joined_at: Mapped[Moment]
    state: Mapped[str]  # rules.STATES
    order_id: Mapped[Id | None] = mapped_column(index=True)
    total: Mapped[Number | None]
    currency: Mapped[str | None]
    refunded_total: Mapped[Number] = mapped_column(default=0)
    purchased_at: Mapped[Moment | None]
    release_at: Mapped[Moment | None]


class Step(Base):
    """A referral entered `state`. Append-only; `decided_by` is whoever decided, if a person did."""

    __tablename__ = "referral_step"

    id: Mapped[int] = mapped_column(BigNumber, primary_key=True, autoincrement=True)
    referral_id: Mapped[Id] = mapped_column(ForeignKey("referral.id"), index=True)
    state: Mapped[str]
    reason: Mapped[str | None]  # a code of statuses.REASONS
    decided_by: Mapped[Id | None] = mapped_column(ForeignKey("member.id"))
    at: Mapped[Moment]
