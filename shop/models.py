"""Products, orders, what was paid back, and webhooks as they came in."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from foundation.tables import Base, Id, Json, Moment, Number


class Product(Base):
    """Something the business sells. Texts are {language: text}; `price` is in minor units."""

    __tablename__ = "product"
    __table_args__ = (CheckConstraint("price >= 0", name="price"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)  # in addresses, and the shop's own SKU
    name: Mapped[Json]
    summary: Mapped[Json]
    description: Mapped[Json]  # Markdown
    description_html: Mapped[Json]  # rendered when written
    price: Mapped[Number]
    currency: Mapped[str]
    image: Mapped[str | None]  # a drawing in static/products/, without .svg
    shown: Mapped[bool]
    created_at: Mapped[Moment]


class Order(Base):
    """One order; its state is the moments it has reached. Sums are minor units of `currency`."""

    __tablename__ = "shop_order"
    __table_args__ = (
        CheckConstraint("total >= 0", name="total"),
        CheckConstraint("refunded_total between 0 and total", name="refunded"),
        Index("ix_shop_order_member_id_id", "member_id", "id"),
        Index("ix_shop_order_status_id", "status", "id"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)  # time-ordered by `placed_at`
    number: Mapped[str] = mapped_column(unique=True)  # the shop's own
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    currency: Mapped[str]
    total: Mapped[Number]
    status: Mapped[str]  # rules.status of the moments below, kept for lists
    promised_on: Mapped[date | None] = mapped_column(Date)
    placed_at: Mapped[Moment]
    paid_at: Mapped[Moment | None]
    shipped_at: Mapped[Moment | None]
    delivered_at: Mapped[Moment | None]
    cancelled_at: Mapped[Moment | None]
    refunded_total: Mapped[Number] = mapped_column(default=0)
    source: Mapped[str]  # webhook, import, demo


class OrderLine(Base):
    """One position of an order; `product_id` is None when the product is not in our catalogue."""

    __tablename__ = "order_line"

    id: Mapped[Id] = mapped_column(primary_key=True)
    order_id: Mapped[Id] = mapped_column(ForeignKey("shop_order.id"), index=True)
    product_id: Mapped[Id | None] = mapped_column(ForeignKey("product.id"), index=True)
    title: Mapped[str]
    quantity: Mapped[int]
    amount: Mapped[Number]


class Refund(Base):
    """Money given back, once per `external_id` (the shop's or the payment provider's number)."""

    __tablename__ = "refund"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    order_id: Mapped[Id] = mapped_column(ForeignKey("shop_order.id"), index=True)
    amount: Mapped[Number]
    external_id: Mapped[str] = mapped_column(unique=True)
    at: Mapped[Moment]


class InboundEvent(Base):
    """A webhook exactly as it came in, kept before anything is done about it."""

    __tablename__ = "inbound_event"
    __table_args__ = (Index("ix_inbound_event_processed_at_due_at", "processed_at", "due_at"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    webhook_id: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    order_number: Mapped[str] = mapped_column(index=True)
    body: Mapped[str]
    received_at: Mapped[Moment]
    processed_at: Mapped[Moment | None]
    due_at: Mapped[Moment | None]  # when it is tried again; None: processed, or given up
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]


class OrderImport(Base):
    """A file of orders that an owner sent up, and how far its import is, in orders and bytes."""

    __tablename__ = "order_import"

    id: Mapped[Id] = mapped_column(primary_key=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    file_name: Mapped[str]
    options: Mapped[Json]  # what the owner said about the file
    state: Mapped[str] = mapped_column(index=True)  # waiting, running, done, failed
    size: Mapped[Number]
    at: Mapped[Number] = mapped_column(default=0)
    new: Mapped[int] = mapped_column(default=0)
    known: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    problems: Mapped[Json]  # {"rows": [foundation.rejects.Problem.kept(), …]}
    error: Mapped[str | None]
    created_at: Mapped[Moment]
    seen_at: Mapped[Moment]  # when the worker last said it is alive
    ended_at: Mapped[Moment | None]
