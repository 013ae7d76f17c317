"""Hearing what happened and saying thank you, in the transaction in which it happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from acknowledgement import notices, rules
from acknowledgement.models import Acknowledgement
from acknowledgement.rules import BY_FACT, Thanks
from foundation.facts import Fact
from foundation.tables import new_id
from notifications import telling
from notifications.telling import Telling
from shop.models import Order, Product

CHUNK = 500


def hear(session: Session, heard: Sequence[Fact], now: datetime) -> None:
    """Acknowledge fresh facts of one kind; old news costs one comparison each."""
    rule = BY_FACT[heard[0].kind]
    fresh = [fact for fact in heard if fact.member_id and rules.is_fresh(rule, fact.at, now)]
    for start in range(0, len(fresh), CHUNK):
        _acknowledge(session, rule, fresh[start : start + CHUNK], now)


def _acknowledge(session: Session, rule: Thanks, facts: Sequence[Fact], now: datetime) -> None:
    about_orders = rule.fact.startswith("order.")
    words = _of_orders(session, facts) if about_orders else _of_reviews(session, facts)
    said = [(fact, words[fact.id]) for fact in facts if fact.id in words]
    if not said:
        return
    session.execute(
        insert(Acknowledgement),
        [
            {
                "id": new_id(now),
                "member_id": fact.member_id,
                "fact_id": fact.id,
                "rule": rule.name,
                "at": now,
            }
            for fact, _telling in said
        ],
    )
    telling.tell_many(session, notices.BY_KIND[rule.notice], [each for _fact, each in said], now)


def _of_orders(session: Session, facts: Sequence[Fact]) -> dict[str, Telling]:
    ids = {fact.details["order"] for fact in facts}
    orders = {row.id: row for row in session.scalars(select(Order).where(Order.id.in_(ids)))}
    tellings: dict[str, Telling] = {}
    for fact in facts:
        order = orders[fact.details["order"]]
        moments = {"cancelled_at": order.cancelled_at, "delivered_at": order.delivered_at}
        if not rules.overtaken(fact.kind, moments):
            link, about = f"/me/orders/{order.id}", f"order:{order.id}"
            tellings[fact.id] = Telling(order.member_id, link, about, _order_params(fact, order))
    return tellings


def _order_params(fact: Fact, order: Order) -> dict[str, Any]:
    params: dict[str, Any] = {
        "number": order.number,
        "total": order.total,
        "currency": order.currency,
        "promised_on": order.promised_on.isoformat() if order.promised_on else None,
    }
    if fact.kind == "order.paid":
        params["is_first"] = fact.details.get("number") == 1
    elif fact.kind == "order.delivered" and order.promised_on:
        params["days_late"] = max(0, (fact.at.date() - order.promised_on).days)
    elif fact.kind == "order.refunded":
        params |= {name: fact.details[name] for name in ("amount", "refunded_total")}
    elif fact.kind == "order.cancelled":
        params["was_paid"] = order.paid_at is not None
    return params


def _of_reviews(session: Session, facts: Sequence[Fact]) -> dict[str, Telling]:
    ids = {fact.details["product"] for fact in facts}
    found = session.execute(
        select(Product.id, Product.slug, Product.name).where(Product.id.in_(ids))
    )
    products = {row.id: row for row in found}
    return {
        fact.id: Telling(
            fact.member_id or "",
            f"/products/{products[fact.details['product']].slug}",
            fact.subject,
            {"product": products[fact.details["product"]].name},
        )
        for fact in facts
        if fact.details["product"] in products
    }
