"""Store credit that was taken for an order, and what was given back of it."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from foundation.tables import Base, Id, Moment, Number


class CreditTaking(Base):
    """Credit of one member taken for one order. Append-only: what came back is another row."""

    __tablename__ = "credit_taking"
    __table_args__ = (
        UniqueConstraint("reference", "member_id"),
        Index("ix_credit_taking_member_id_id", "member_id", "id"),
        CheckConstraint("amount > 0", name="amount"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    reference: Mapped[str]  # the shop's number of the order
    amount: Mapped[Number]  # minor units
    currency: Mapped[str]
    request_key: Mapped[str | None]  # of the staff's form; a till has the reference alone
    by_id: Mapped[Id | None] = mapped_column(ForeignKey("member.id"))  # of the staff
    by_key: Mapped[Id | None]  # the till's key
    at: Mapped[Moment]
    transfer_id: Mapped[Id] = mapped_column(unique=True)


class CreditReturn(Base):
    """Part of a taking, or all of it, given back. Append-only.

    The database refuses one that would make a taking's returns more than was taken.
    """

    __tablename__ = "credit_return"
    __table_args__ = (
        UniqueConstraint("taking_id", "request_key"),
        CheckConstraint("amount > 0", name="amount"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    taking_id: Mapped[Id] = mapped_column(ForeignKey("credit_taking.id"))
    request_key: Mapped[str]  # so that asking again gives nothing back twice
    amount: Mapped[Number]
    by_id: Mapped[Id | None] = mapped_column(ForeignKey("member.id"))
    by_key: Mapped[Id | None]
    at: Mapped[Moment]
    transfer_id: Mapped[Id] = mapped_column(unique=True)
