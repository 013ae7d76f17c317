"""What was prepaid, what became of it, and the code by which a till knows a member."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from foundation.tables import Base, Id, Moment, Number


class TopUpPurchase(Base):
    """What one order brought by one offer. Append-only: what became of it stands in other rows."""

    __tablename__ = "topup_purchase"
    __table_args__ = (
        UniqueConstraint("fact_id", "offer"),
        Index("ix_topup_purchase_member_id_offer", "member_id", "offer"),
        CheckConstraint("paid > 0 and free >= 0", name="units"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    offer: Mapped[str]
    version: Mapped[int]  # of the programme, when the order was paid
    fact_id: Mapped[Id]
    basis: Mapped[str] = mapped_column(index=True)  # "order:<id>", whose refunds take it back
    paid: Mapped[Number]
    free: Mapped[Number]
    value: Mapped[Number]  # what was paid for it, in minor units
    currency: Mapped[str]
    at: Mapped[Moment]  # when the order was paid
    free_expires_at: Mapped[Moment | None]
    paid_transfer_id: Mapped[Id]
    free_transfer_id: Mapped[Id | None]


class TopUpUse(Base):
    """One unit taken at the till, and whether it was given back."""

    __tablename__ = "topup_use"
    __table_args__ = (
        Index("ix_topup_use_member_id_id", "member_id", "id"),
        Index("ix_topup_use_purchase_id", "purchase_id"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    purchase_id: Mapped[Id] = mapped_column(ForeignKey("topup_purchase.id"))
    offer: Mapped[str]
    is_free: Mapped[bool]
    request_key: Mapped[str] = mapped_column(unique=True)  # so that a double press takes one
    reference: Mapped[str]  # the till's receipt; may be empty
    by_id: Mapped[Id | None] = mapped_column(ForeignKey("member.id"))  # of the staff
    by_key: Mapped[Id | None]  # the till's key
    at: Mapped[Moment]
    transfer_id: Mapped[Id]
    given_back_at: Mapped[Moment | None]


class TopUpRefund(Base):
    """What one refund asked back of a purchase, all refunds so far counted, and what it took."""

    __tablename__ = "topup_refund"
    __table_args__ = (UniqueConstraint("purchase_id", "fact_id"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    purchase_id: Mapped[Id] = mapped_column(ForeignKey("topup_purchase.id"))
    fact_id: Mapped[Id]
    paid_asked: Mapped[Number]
    free_asked: Mapped[Number]
    paid: Mapped[Number]
    free: Mapped[Number]
    at: Mapped[Moment]


class TillCode(Base):
    """The code a member shows at the till; a new one ends the old one."""

    __tablename__ = "till_code"

    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"), primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[Moment]
