"""Stock of the catalogue, what members redeemed and every step of it, and each use of a voucher."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from foundation.tables import Base, Id, Json, Moment, Number


class Stock(Base):
    """How many of an item there are (`on_hand`) and how many of these are promised (`reserved`).

    `occasion` names the date of an experience (items.py), empty for everything else.
    Counters move by delta with a row of `StockMovement`; the database keeps 0 ≤ reserved ≤ on hand.
    """

    __tablename__ = "catalogue_stock"
    __table_args__ = (
        CheckConstraint("reserved >= 0 and reserved <= on_hand", name="reserved"),
        CheckConstraint("on_hand >= 0", name="on_hand"),
    )

    item: Mapped[str] = mapped_column(primary_key=True)
    occasion: Mapped[str] = mapped_column(primary_key=True)
    on_hand: Mapped[Number]
    reserved: Mapped[Number]


class StockMovement(Base):
    """One change of a stock's counters. Append-only by trigger; the rows add up to the counters."""

    __tablename__ = "catalogue_stock_movement"
    __table_args__ = (Index("ix_catalogue_stock_movement_item_id", "item", "id"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    item: Mapped[str]
    occasion: Mapped[str]
    kind: Mapped[str]  # received, corrected, reserved, released, gone
    on_hand: Mapped[Number]  # by how much it changed
    reserved: Mapped[Number]
    by_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    redemption_id: Mapped[Id | None]
    note: Mapped[str]
    at: Mapped[Moment]


class Redemption(Base):
    """Points turned into an item of the catalogue. `state` is where its last step led.

    The address is the person's own words, asked for only when something is sent.
    """

    __tablename__ = "redemption"
    __table_args__ = (
        UniqueConstraint("member_id", "request_key"),
        CheckConstraint(
            "state in ('ordered', 'taken', 'prepared', 'sent', 'done', 'cancelled', 'refunded')",
            name="state",
        ),
        CheckConstraint("stock in ('none', 'reserved', 'gone', 'released')", name="stock"),
        Index("ix_redemption_member_id_id", "member_id", "id"),
        Index("ix_redemption_state_id", "state", "id"),
        Index("ix_redemption_taken_by_id", "taken_by", "id"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    request_key: Mapped[str]  # of the form that asked, so that a double click buys one
    item: Mapped[str]
    kind: Mapped[str]
    version: Mapped[int]
    cost: Mapped[Number]  # points
    occasion: Mapped[str]
    address: Mapped[str]
    note: Mapped[str]
    state: Mapped[str]
    stock: Mapped[str]  # what became of the one that was counted for it
    taken_by: Mapped[Id | None] = mapped_column(ForeignKey("member.id"))
    transfer_id: Mapped[Id | None]  # that spent the points
    unit_id: Mapped[Id | None]  # the hold of one of the item (booking.py); none of a voucher
    handed_over_id: Mapped[Id | None]  # the transfer by which she had it
    at: Mapped[Moment]


class RedemptionStep(Base):
    """What was done about a redemption, by whom and when. Append-only by trigger."""

    __tablename__ = "redemption_step"

    id: Mapped[Id] = mapped_column(primary_key=True)
    redemption_id: Mapped[Id] = mapped_column(ForeignKey("redemption.id"), index=True)
    step: Mapped[str]  # order, take, put_back, prepare, send, finish, cancel, refund
    state: Mapped[str]  # where it led
    by_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    text: Mapped[str]  # tracking, or the reason
    at: Mapped[Moment]


class VoucherUse(Base):
    """A voucher taken off an order, by the shop's number; `released_at` when that fell through."""

    __tablename__ = "voucher_use"
    __table_args__ = (
        Index(
            "uq_voucher_use_standing",
            "voucher_id",
            "reference",
            unique=True,
            sqlite_where=text("released_at is null"),
            postgresql_where=text("released_at is null"),
        ),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    voucher_id: Mapped[Id] = mapped_column(ForeignKey("voucher.id"))
    reference: Mapped[str]
    by_key: Mapped[Id | None] = mapped_column(ForeignKey("api_key.id"))
    by_id: Mapped[Id | None]  # of the staff, at the counter
    at: Mapped[Moment]
    released_at: Mapped[Moment | None]
    transfer_id: Mapped[Id | None]  # that spent it


class ApiAnswer(Base):
    """What a request with an Idempotency-Key was answered, for the same request again."""

    __tablename__ = "api_answer"

    api_key_id: Mapped[Id] = mapped_column(ForeignKey("api_key.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[str]
    answer: Mapped[Json]
    at: Mapped[Moment] = mapped_column(index=True)
