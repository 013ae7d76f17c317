"""What pages and other rooms ask about products and orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from foundation.facts import Fact
from foundation.paging import Page, read_page
from members.models import Member
from rewards.perks import entitlements
from rewards.perks.rules import EARLY_DELIVERY
from shop import told_facts
from shop.models import Order, OrderLine, Product, Refund


@dataclass(frozen=True)
class OrderPage:
    """One order with its positions, refunds and buyer."""

    order: Order
    lines: Sequence[Any]
    refunds: Sequence[Refund]
    buyer: Any


@dataclass(frozen=True)
class CustomerPage:
    """What staff see of one customer: sums per currency, orders, and everything that happened."""

    member: Member
    sums: Sequence[Any]
    orders: Sequence[Order]
    facts: Page[Any]


def shown_products(session: Session) -> Sequence[Product]:
    """The catalogue, newest last."""
    return session.scalars(
        select(Product).where(Product.shown.is_(True)).order_by(Product.id)
    ).all()


def product(session: Session, slug: str) -> Product | None:
    """A product that is shown."""
    return session.scalars(
        select(Product).where(Product.slug == slug, Product.shown.is_(True))
    ).first()


def purchase(session: Session, member_id: str, product_id: str) -> str | None:
    """The newest paid, not cancelled, not wholly refunded order in which the member bought it."""
    return session.scalar(
        select(Order.id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(
            Order.member_id == member_id,
            OrderLine.product_id == product_id,
            Order.paid_at.is_not(None),
            Order.cancelled_at.is_(None),
            (Order.refunded_total < Order.total) | (Order.total == 0),
        )
        .order_by(Order.id.desc())
        .limit(1)
    )


def called(session: Session, slugs: Sequence[str]) -> dict[str, Any]:
    """Names and summaries, in all their languages, of the products at these addresses."""
    rows = session.execute(
        select(Product.slug, Product.name, Product.summary).where(Product.slug.in_(slugs))
    )
    return {row.slug: row for row in rows}


def my_orders(session: Session, member_id: str, cursor: str | None) -> Page[Any]:
    """A member's orders, newest first."""
    statement: Any = select(
        Order.id, Order.number, Order.placed_at, Order.total, Order.currency, Order.status,
        Order.refunded_total, Order.promised_on,
    ).where(Order.member_id == member_id)  # fmt: skip
    return read_page(session, statement, Order.id, cursor=cursor, path="/me/orders")


def all_orders(session: Session, wanted: str, cursor: str | None, path: str) -> Page[Any]:
    """Everybody's orders, newest first; `wanted` is an order's number or a buyer's address."""
    statement: Any = select(
        Order.id, Order.number, Order.placed_at, Order.total, Order.currency, Order.status,
        Order.refunded_total, Order.source, Order.member_id, Member.name, Member.handle,
    ).join(Member, Member.id == Order.member_id)  # fmt: skip
    if wanted:
        plain = wanted.lower()
        statement = statement.where(
            or_(Order.number == wanted, Member.email == plain, Member.customer_ref == wanted)
        )
    return read_page(session, statement, Order.id, cursor=cursor, path=path)


def packed_first(session: Session, orders: Sequence[Any], now: datetime) -> set[str]:
    """Which of these orders wait to be sent to somebody with the perk of early delivery."""
    waiting = [order for order in orders if order.status == "paid"]
    buyers = {order.member_id for order in waiting}
    entitled = entitlements.who_has(session, buyers, EARLY_DELIVERY, now)
    return {order.id for order in waiting if order.member_id in entitled}


def order_page(session: Session, order_id: str, member_id: str | None = None) -> OrderPage | None:
    """One order; with `member_id` only if it is hers."""
    order = session.get(Order, order_id)
    if order is None or (member_id is not None and order.member_id != member_id):
        return None
    lines = session.execute(
        select(
            OrderLine.title,
            OrderLine.quantity,
            OrderLine.amount,
            OrderLine.product_id,
            Product.slug,
            Product.name,
        )
        .outerjoin(Product, Product.id == OrderLine.product_id)
        .where(OrderLine.order_id == order.id)
        .order_by(OrderLine.id)
    ).all()
    refunds = session.scalars(
        select(Refund).where(Refund.order_id == order.id).order_by(Refund.id)
    ).all()
    buyer = session.execute(
        select(Member.name, Member.handle, Member.email).where(Member.id == order.member_id)
    ).one()
    return OrderPage(order, lines, refunds, buyer)


def customer_page(session: Session, handle: str, cursor: str | None = None) -> CustomerPage | None:
    """One customer's newest orders, and a page of what happened, newest first, for staff."""
    member = session.scalars(select(Member).where(Member.handle == handle)).first()
    if member is None:
        return None
    sums = session.execute(
        select(
            Order.currency,
            func.count().label("orders"),
            func.sum(Order.total - Order.refunded_total).label("total"),
        )
        .where(Order.member_id == member.id, Order.paid_at.is_not(None))
        .group_by(Order.currency)
    ).all()
    orders = session.scalars(
        select(Order).where(Order.member_id == member.id).order_by(Order.id.desc()).limit(20)
    ).all()
    told: Any = select(Fact.id, Fact.kind, Fact.at, Fact.details).where(
        Fact.member_id == member.id, Fact.kind.in_(told_facts.WORDS)
    )
    path = f"/customers/{member.handle}"
    facts = read_page(session, told, Fact.id, cursor=cursor, size=12, path=path)
    return CustomerPage(member, sums, orders, facts)


def customers(session: Session, wanted: str, cursor: str | None, path: str) -> Page[Any]:
    """Everybody the shop knows, newest first; `wanted` is a name's start, address or number."""
    statement: Any = select(
        Member.id, Member.name, Member.handle, Member.email, Member.joined_at, Member.claimed_at
    )
    if wanted:
        plain = wanted.lower()
        statement = statement.where(
            or_(
                func.lower(Member.name).startswith(plain, autoescape=True),
                Member.email == plain,
                Member.customer_ref == wanted,
                Member.handle == plain,
            )
        )
    return read_page(session, statement, Member.id, cursor=cursor, path=path)
