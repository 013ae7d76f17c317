"""Taking many orders in at once: a few statements per thousand, the same facts as one by one.

An order that is known is counted and left alone, so a file may be imported again. Facts carry the
order's own dates; who hears them sees that they are old news.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from foundation import facts
from foundation.facts import FactDraft
from foundation.money import format_amount
from foundation.once import insert_many_once
from foundation.refusal import Refused
from foundation.rejects import Problem
from foundation.tables import new_id
from members.joining import Customer, known_customers
from members.models import Member
from shop import rules
from shop.models import Order, OrderLine, Refund
from shop.order_files import Group, ReadOrder
from shop.ordering import NOTHING, Bought, bought_of, line_row, products_by_sku

#: Facts are told in this order, so that nobody hears of a refund before the payment.
KINDS = ("placed", "paid", "shipped", "delivered", "cancelled")


@dataclass
class Outcome:
    """What became of some orders; `differing` are known with other content."""

    new: int = 0
    known: int = 0
    differing: list[Group] = field(default_factory=list)


def take_in(session: Session, groups: Sequence[Group], now: datetime) -> Outcome:
    """Take in the orders of these groups (each readable, each number once)."""
    outcome = Outcome()
    known = _known(session, [group.number for group in groups])
    fresh: list[ReadOrder] = []
    for group in groups:
        assert group.order is not None
        if group.number not in known:
            fresh.append(group.order)
        elif (why := _difference(group.order, known[group.number])) is not None:
            group.problems.append(Problem(group.rows[0][0], None, why))
            outcome.differing.append(group)
        else:
            outcome.known += 1
    outcome.new = _write(session, fresh, now)
    outcome.known += len(fresh) - outcome.new
    return outcome


def _known(session: Session, numbers: Sequence[str]) -> dict[str, Any]:
    found = session.execute(
        select(Order.number, Order.total, Order.currency, Member.customer_ref, Member.email)
        .join(Member, Member.id == Order.member_id)
        .where(Order.number.in_(numbers))
    )
    return {row.number: row for row in found}


def _difference(told: ReadOrder, known: Any) -> Refused | None:
    if (told.total, told.currency) != (known.total, known.currency):
        return Refused(
            "Order %(number)s is known with a total of %(known)s, not %(told)s.",
            code="differs",
            number=told.number,
            known=format_amount(known.total, known.currency),
            told=format_amount(told.total, told.currency),
        )
    if told.customer_ref and known.customer_ref not in (None, told.customer_ref):
        return Refused(
            "Order %(number)s is known as another customer's.", code="differs", number=told.number
        )
    return None


def _write(session: Session, orders: Sequence[ReadOrder], now: datetime) -> int:
    """Write orders, lines, refunds and facts; how many orders were not written by somebody else."""
    if not orders:
        return 0
    members = _members(session, orders, now)
    rows = [_order_row(order, members[order.number]) for order in orders]
    insert_many_once(session, Order, rows)
    ids = {row["id"] for row in rows}
    ours = set(session.scalars(select(Order.id).where(Order.id.in_(ids))))
    written = [(order, row) for order, row in zip(orders, rows, strict=True) if row["id"] in ours]
    _write_lines(session, written)
    refunds = _write_refunds(session, written)
    drafts = _facts(session, written)
    drafts += refunds
    facts.record_many(session, drafts, now)
    return len(written)


def _members(session: Session, orders: Sequence[ReadOrder], now: datetime) -> dict[str, str]:
    """Member ids by order number; a buyer of several orders is looked up once."""
    buyers: dict[tuple[str | None, str | None], Customer] = {}
    for order in orders:
        key = (order.customer_ref, order.email)
        before = buyers.get(key)
        if before is None or before.since is None or order.placed_at < before.since:
            name = order.name or (before.name if before else None)
            buyers[key] = Customer(order.email, order.customer_ref, name, since=order.placed_at)
    found = known_customers(session, now, buyers.values())
    return {o.number: found[buyers[(o.customer_ref, o.email)]] for o in orders}


def _order_row(order: ReadOrder, member_id: str) -> dict[str, Any]:
    return {
        "id": new_id(order.placed_at),
        "number": order.number,
        "member_id": member_id,
        "currency": order.currency,
        "total": order.total,
        "status": rules.status(order),
        "promised_on": order.promised_on,
        "placed_at": order.placed_at,
        "paid_at": order.paid_at,
        "shipped_at": order.shipped_at,
        "delivered_at": order.delivered_at,
        "cancelled_at": order.cancelled_at,
        "refunded_total": order.refunded,
        "source": "import",
    }


Written = Sequence[tuple[ReadOrder, dict[str, Any]]]


def _write_lines(session: Session, written: Written) -> None:
    skus = {line.sku for order, _row in written for line in order.lines if line.sku}
    products = products_by_sku(session, sorted(skus)) if skus else {}
    rows = [
        line_row(row["id"], order.placed_at, line, products)
        for order, row in written
        for line in order.lines
    ]
    if rows:
        session.execute(insert(OrderLine), rows)


def _write_refunds(session: Session, written: Written) -> list[FactDraft]:
    given_back = [(order, row) for order, row in written if order.refunded]
    rows = [
        {
            "id": new_id(order.paid_at or order.placed_at),
            "order_id": row["id"],
            "amount": order.refunded,
            "external_id": f"import:{order.number}",
            "at": order.paid_at or order.placed_at,
        }
        for order, row in given_back
    ]
    insert_many_once(session, Refund, rows)
    return [
        FactDraft(
            "order.refunded",
            order["member_id"],
            f"refund:{row['id']}",
            row["at"],
            _details(order) | {"amount": row["amount"], "refunded_total": row["amount"]},
        )
        for (_read, order), row in zip(given_back, rows, strict=True)
    ]


def _facts(session: Session, written: Written) -> list[FactDraft]:
    """One fact per moment reached. A log of purchases says that orders were paid, not placed."""
    counts = _paid_before(session, written)
    bought = _bought(session, written)
    drafts: dict[str, list[FactDraft]] = {kind: [] for kind in KINDS}
    for read, row in sorted(written, key=lambda each: each[0].placed_at):
        for kind in _reached(read):
            details = _details(row)
            if kind == "paid":
                counts[row["member_id"]] = details["number"] = counts[row["member_id"]] + 1
                details |= bought.get(row["id"], NOTHING)
            at = row[f"{kind}_at"]
            subject = f"order:{row['id']}"
            drafts[kind].append(FactDraft(f"order.{kind}", row["member_id"], subject, at, details))
    return [draft for kind in KINDS for draft in drafts[kind]]


def _bought(session: Session, written: Written) -> dict[str, Bought]:
    """What the orders say that named products."""
    ids = [row["id"] for order, row in written if any(line.sku for line in order.lines)]
    found: dict[str, Bought] = {}
    for start in range(0, len(ids), 5_000):
        found |= bought_of(session, ids[start : start + 5_000])
    return found


def _reached(order: ReadOrder) -> list[str]:
    if order.paid_at is None and order.cancelled_at is None:
        return ["placed"]
    moments = ("paid", "shipped", "delivered", "cancelled")
    return [kind for kind in moments if getattr(order, f"{kind}_at")]


def _details(row: dict[str, Any]) -> dict[str, Any]:
    return {"order": row["id"], "total": row["total"], "currency": row["currency"]}


def _paid_before(session: Session, written: Written) -> dict[str, int]:
    """Paid orders of these buyers that were there before this chunk."""
    buyers = {row["member_id"] for _order, row in written}
    chunk = {row["id"] for _order, row in written}
    found = session.execute(
        select(Order.member_id, func.count())
        .where(Order.member_id.in_(buyers), Order.paid_at.is_not(None), Order.id.not_in(chunk))
        .group_by(Order.member_id)
    )
    return dict.fromkeys(buyers, 0) | {row[0]: row[1] for row in found}
