"""The way of an order: placed, paid, shipped, delivered, cancelled, refunded.

Every verb may be called again and in any order: a moment once known stays, each fact is recorded
once, and what an order has become does not depend on which news came first. Cancelling moves no
money: what was given back is told by `refund`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from foundation import facts
from foundation.facts import FactDraft
from foundation.money import format_amount, is_currency
from foundation.once import insert_once
from foundation.refusal import Refused
from foundation.tables import new_id
from shop import rules
from shop.models import Order, OrderLine, Product, Refund


@dataclass(frozen=True)
class LineDraft:
    """One position; `amount` is the whole line in minor units, `sku` a product's slug if known."""

    title: str
    quantity: int
    amount: int
    sku: str | None = None


@dataclass(frozen=True)
class OrderDraft:
    """An order as a shop tells it; `number` is the shop's own, `total` in minor units."""

    number: str
    member_id: str
    total: int
    currency: str
    placed_at: datetime
    lines: Sequence[LineDraft] = ()
    promised_on: date | None = None
    source: str = "webhook"


def place(session: Session, draft: OrderDraft, now: datetime) -> Order:
    """Take an order down and tell that it was placed; Refused when it is known differently."""
    order = take_down(session, draft, now)
    _tell(session, "order.placed", order, draft.placed_at, now)
    return order


def take_down(session: Session, draft: OrderDraft, now: datetime) -> Order:
    """The order with this number, made if it is new, completed if it was half known."""
    _check(draft)
    values = {
        "id": new_id(draft.placed_at),
        "number": draft.number,
        "member_id": draft.member_id,
        "currency": draft.currency,
        "total": draft.total,
        "status": "placed",
        "promised_on": draft.promised_on,
        "placed_at": draft.placed_at,
        "refunded_total": 0,
        "source": draft.source,
    }
    insert_once(session, Order, values)
    order = session.scalars(
        select(Order).where(Order.number == draft.number).with_for_update()
    ).one()
    _agree(order, draft)
    order.placed_at = min(order.placed_at, draft.placed_at)
    if draft.promised_on:
        order.promised_on = order.promised_on or draft.promised_on
    _write_lines(session, order, draft.lines)
    session.flush()
    return order


def pay(session: Session, order_id: str, now: datetime, *, at: datetime | None = None) -> Order:
    """The order is paid (since `at`, else now); the fact carries how manieth paid order it is."""
    order = locked(session, order_id)
    if order.paid_at is None:
        number = paid_orders(session, order.member_id) + 1
        _reach(session, order, "paid_at", at or now)
        bought = bought_of(session, [order.id]).get(order.id, NOTHING)
        _tell(session, "order.paid", order, at or now, now, number=number, **bought)
    return order


def ship(
    session: Session,
    order_id: str,
    now: datetime,
    *,
    at: datetime | None = None,
    promised_on: date | None = None,
) -> Order:
    """The order is on its way; `promised_on`, when given, replaces the earlier promise."""
    order = locked(session, order_id)
    if order.shipped_at is None:
        order.promised_on = promised_on or order.promised_on
        _reach(session, order, "shipped_at", at or now)
        _tell(session, "order.shipped", order, at or now, now)
    return order


def deliver(session: Session, order_id: str, now: datetime, *, at: datetime | None = None) -> Order:
    """The order has arrived."""
    order = locked(session, order_id)
    if order.delivered_at is None:
        _reach(session, order, "delivered_at", at or now)
        _tell(session, "order.delivered", order, at or now, now)
    return order


def cancel(session: Session, order_id: str, now: datetime, *, at: datetime | None = None) -> Order:
    """The order is called off; money, if any was paid, comes back by `refund`."""
    order = locked(session, order_id)
    if order.cancelled_at is None:
        _reach(session, order, "cancelled_at", at or now)
        _tell(session, "order.cancelled", order, at or now, now)
    return order


def refund(
    session: Session,
    order_id: str,
    amount: int,
    external_id: str,
    now: datetime,
    *,
    at: datetime | None = None,
) -> Refund:
    """Give `amount` (minor units) of a paid order back, once per `external_id`.

    Refused when the order is not paid, more than what is left is given back, or the same
    `external_id` came before with another amount or order.
    """
    order = locked(session, order_id)
    known = session.scalars(select(Refund).where(Refund.external_id == external_id)).first()
    if known is not None:
        return _same(known, order, amount)
    _check_refund(order, amount)
    values = {"id": new_id(at or now), "order_id": order.id, "amount": amount, "at": at or now}
    if not insert_once(session, Refund, values | {"external_id": external_id}):
        raise _taken(external_id)  # another order used the number at this very moment
    order.refunded_total += amount
    session.flush()
    facts.record_many(session, [_refund_fact(order, values["id"], amount, at or now)], now)
    return session.scalars(select(Refund).where(Refund.external_id == external_id)).one()


def locked(session: Session, order_id: str) -> Order:
    """The order, held for this transaction so that two verbs about it take turns."""
    order = session.get(Order, order_id, with_for_update=True, populate_existing=True)
    if order is None:
        raise Refused("There is no such order.", code="unknown_order", field="order", status=404)
    return order


def paid_orders(session: Session, member_id: str) -> int:
    """How many orders of this buyer are paid, refunded ones included."""
    paid = select(func.count()).where(Order.member_id == member_id, Order.paid_at.is_not(None))
    return session.scalar(paid) or 0


def _check(draft: OrderDraft) -> None:
    if not draft.number.strip():
        raise Refused("An order needs its number.", code="number", field="order")
    if draft.total < 0:
        raise Refused("An order's total cannot be below zero.", code="total", field="total")
    if not is_currency(draft.currency):
        raise Refused(
            "“%(currency)s” is no currency code. Use three letters such as USD.",
            code="currency",
            field="currency",
            currency=draft.currency,
        )


def _agree(order: Order, draft: OrderDraft) -> None:
    if (order.total, order.currency) != (draft.total, draft.currency):
        raise Refused(
            "Order %(number)s is known with a total of %(known)s, not %(told)s."
            " Send a refund for a difference.",
            code="differs",
            field="total",
            status=409,
            number=order.number,
            known=format_amount(order.total, order.currency),
            told=format_amount(draft.total, draft.currency),
        )
    if order.member_id != draft.member_id:
        raise Refused(
            "Order %(number)s is known as another customer's.",
            code="differs",
            field="customer",
            status=409,
            number=order.number,
        )


def _write_lines(session: Session, order: Order, lines: Sequence[LineDraft]) -> None:
    if not lines or session.scalar(select(OrderLine.id).where(OrderLine.order_id == order.id)):
        return
    products = products_by_sku(session, [line.sku for line in lines if line.sku])
    rows = [line_row(order.id, order.placed_at, line, products) for line in lines]
    session.execute(insert(OrderLine), rows)


def line_row(
    order_id: str, placed_at: datetime, line: LineDraft, products: dict[str, str]
) -> dict[str, Any]:
    """The values of one `order_line`."""
    return {
        "id": new_id(placed_at),
        "order_id": order_id,
        "product_id": products.get(line.sku) if line.sku else None,
        "title": line.title,
        "quantity": line.quantity,
        "amount": line.amount,
    }


def products_by_sku(session: Session, skus: Sequence[str]) -> dict[str, str]:
    """Product ids by slug, of those in the catalogue."""
    rows = session.execute(select(Product.slug, Product.id).where(Product.slug.in_(set(skus))))
    return {row.slug: row.id for row in rows}


#: What an order says of products, by what is said and slug.
Bought = dict[str, dict[str, int]]
#: What one without products of our catalogue says.
NOTHING: Bought = {"products": {}}


def bought_of(session: Session, order_ids: Sequence[str]) -> dict[str, Bought]:
    """What each order says of products in our catalogue, by slug: `products`, the minor units of
    their lines; `pieces`, how many there are of those of which there is more than one."""
    query = (
        select(
            OrderLine.order_id,
            Product.slug,
            func.sum(OrderLine.amount),
            func.sum(OrderLine.quantity),
        )
        .join(Product, Product.id == OrderLine.product_id)
        .where(OrderLine.order_id.in_(order_ids))
        .group_by(OrderLine.order_id, Product.slug)
        .order_by(OrderLine.order_id, Product.slug)
    )
    found: dict[str, Bought] = {}
    for order_id, slug, amount, quantity in session.execute(query):
        said = found.setdefault(order_id, {"products": {}})
        said["products"][slug] = int(amount)
        if quantity > 1:
            said.setdefault("pieces", {})[slug] = int(quantity)
    return found


def _reach(session: Session, order: Order, moment: str, at: datetime) -> None:
    setattr(order, moment, at)
    order.status = rules.status(order)
    session.flush()


def _tell(
    session: Session, kind: str, order: Order, at: datetime, now: datetime, **more: object
) -> None:
    draft = FactDraft(kind, order.member_id, f"order:{order.id}", at, details(order) | more)
    facts.record_many(session, [draft], now)


def details(order: Order) -> dict[str, object]:
    """What every fact about an order says."""
    return {"order": order.id, "total": order.total, "currency": order.currency}


def _refund_fact(order: Order, refund_id: object, amount: int, at: datetime) -> FactDraft:
    more = {"amount": amount, "refunded_total": order.refunded_total}
    subject = f"refund:{refund_id}"
    return FactDraft("order.refunded", order.member_id, subject, at, details(order) | more)


def _check_refund(order: Order, amount: int) -> None:
    left = order.total - order.refunded_total
    if order.paid_at is None:
        raise Refused(
            "Order %(number)s is not paid yet, so nothing can be given back.",
            code="not_paid",
            field="order",
            number=order.number,
        )
    if amount <= 0:
        raise Refused("Give back more than nothing.", code="amount", field="amount")
    if amount > left:
        raise Refused(
            "Only %(left)s of order %(number)s are left to give back.",
            code="too_much",
            field="amount",
            left=format_amount(left, order.currency),
            number=order.number,
        )


def _same(known: Refund, order: Order, amount: int) -> Refund:
    if (known.order_id, known.amount) != (order.id, amount):
        raise _taken(known.external_id)
    return known


def _taken(external_id: str) -> Refused:
    return Refused(
        "Refund %(refund)s is known already with another order or amount.",
        code="differs",
        field="refund",
        status=409,
        refund=external_id,
    )
