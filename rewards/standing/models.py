"""Counters of what members do, by day; where each member stands; every change of it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from foundation.tables import Base, Id, Json, Moment, Number


class StandingCount(Base):
    """How much of something a member did on a day (UTC), less what was given back on it.

    `what` is one of `standing_rules.NAMES`; money by its currency: `spent:USD`. Moved by delta as
    facts are heard, whatever programme is in force, so that the next one can count on it.
    """

    __tablename__ = "standing_count"

    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    amount: Mapped[Number]


class MemberTier(Base):
    """Where a member stands (`climbing.Place`); nobody's row says the first tier."""

    __tablename__ = "member_tier"
    __table_args__ = (
        Index("ix_member_tier_look_on", "look_on"),
        Index("ix_member_tier_tier", "tier"),
        CheckConstraint("standing between 0 and 100", name="standing"),
    )

    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"), primary_key=True)
    tier: Mapped[str]
    since: Mapped[Moment]
    grace_until: Mapped[date | None]
    base: Mapped[str]  # the tier before the instant `at`
    base_grace: Mapped[date | None]
    at: Mapped[Moment | None]  # when facts of hers were last heard
    look_on: Mapped[date]  # the next day on which an evaluation may change something
    standing: Mapped[int]
    duration: Mapped[int]
    loyalty: Mapped[int]
    reliability: Mapped[int]
    influence: Mapped[int]
    changes: Mapped[int]  # how many changes there are


class StandingChange(Base):
    """One change of a member's standing or tier, with its reasons. Append-only by trigger.

    `at` is when it took effect: when the facts were heard, or the midnight of an evaluation.
    """

    __tablename__ = "standing_change"
    __table_args__ = (
        UniqueConstraint("member_id", "number"),
        Index("ix_standing_change_at", "at"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    number: Mapped[int]
    turn: Mapped[str]  # reached, grace, kept, fell, moved, carried
    cause: Mapped[str]  # fact, evaluation, published
    at: Mapped[Moment]
    written_at: Mapped[Moment]
    version: Mapped[int]
    before: Mapped[str]
    after: Mapped[str]
    grace_until: Mapped[date | None]
    was: Mapped[Json]  # standing and components before
    now: Mapped[Json]  # and after
    reasons: Mapped[Json]  # {"facts": [{"kind", "subject"}], "more": how many not listed}
