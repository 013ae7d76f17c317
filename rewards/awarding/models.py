"""Sets of awards by an owner's hand, the awards of a set, and what was taken back of them."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from foundation.tables import Base, Id, Json, Moment, Number


class AwardSet(Base):
    """One file of awards under a name, and how far giving it (or taking it back) has come.

    `state`: checked (shown to its owner, nothing given), waiting (for the worker), running, done,
    failed, then taking_back, taken_back. `rows` and `points` are what the file asks for.
    """

    __tablename__ = "award_set"

    id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    reason: Mapped[str]  # what members read; a row of the file may have its own
    by_id: Mapped[Id | None] = mapped_column(ForeignKey("member.id"))  # None: the command line
    is_told: Mapped[bool]
    expires_in_days: Mapped[int | None]  # after `at`, where a row says nothing
    file_name: Mapped[str]
    digest: Mapped[str]  # SHA-256 of the file
    rows: Mapped[Number]
    points: Mapped[Number]
    checked: Mapped[Json]  # what was shown before it was confirmed
    state: Mapped[str]
    at: Mapped[Moment]
    seen_at: Mapped[Moment]  # a sign of life of whoever runs it
    ended_at: Mapped[Moment | None]
    error: Mapped[str | None]
    done: Mapped[Number]  # rows of the file that were looked at
    given: Mapped[Number]
    given_points: Mapped[Number]
    rejected: Mapped[Number]
    taken_by_id: Mapped[Id | None] = mapped_column(ForeignKey("member.id"))
    taken_at: Mapped[Moment | None]  # when somebody asked for it back
    taken_done: Mapped[Number]  # awards looked at
    taken_points: Mapped[Number]
    rejects_gone_at: Mapped[Moment | None]  # its rejected rows were thrown away, file and sentences


class Award(Base):
    """Points that one row of a set gave one member. Append-only."""

    __tablename__ = "award"
    __table_args__ = (
        UniqueConstraint("set_id", "row"),
        CheckConstraint("amount > 0", name="amount"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    set_id: Mapped[Id] = mapped_column(ForeignKey("award_set.id"))
    row: Mapped[Number]  # of the file; the headings are row 1
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    amount: Mapped[Number]
    reason: Mapped[str]
    expires_at: Mapped[Moment | None]
    at: Mapped[Moment]
    transfer_id: Mapped[Id]


class AwardReturn(Base):
    """What came back of one award; nothing when it was spent or gone already. Append-only."""

    __tablename__ = "award_return"
    __table_args__ = (CheckConstraint("amount >= 0", name="amount"),)

    award_id: Mapped[Id] = mapped_column(ForeignKey("award.id"), primary_key=True)
    amount: Mapped[Number]
    at: Mapped[Moment]
