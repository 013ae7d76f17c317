"""Where members stand, the facts that put them there, and how many stand where."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from foundation.tables import Base, BigNumber, Id, Moment, Number


class MemberStage(Base):
    """The stage a member is in. `entry_id` orders a stage's members by when they came."""

    __tablename__ = "member_stage"
    __table_args__ = (Index("ix_member_stage_stage_entry_id", "stage", "entry_id"),)

    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"), primary_key=True)
    stage: Mapped[str]
    since: Mapped[Moment]
    entry_id: Mapped[Id]  # time-ordered by `since`, unique


class StageEntry(Base):
    """A fact that helped a member into a stage. Append-only."""

    __tablename__ = "stage_entry"
    __table_args__ = (Index("ix_stage_entry_member_id_id", "member_id", "id"),)

    id: Mapped[int] = mapped_column(BigNumber, primary_key=True, autoincrement=True)
    member_id: Mapped[Id]
    stage: Mapped[str]
    fact_id: Mapped[Id]
    kind: Mapped[str]
    subject: Mapped[str]
    at: Mapped[Moment]  # when the fact happened


class StageCount(Base):
    """How many members stand in a stage now."""

    __tablename__ = "funnel_count"

    stage: Mapped[str] = mapped_column(primary_key=True)
    members: Mapped[Number]
