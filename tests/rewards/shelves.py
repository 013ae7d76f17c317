"""A programme whose catalogue has one of everything, and short ways to buy from it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from foundation.doors import writing
from rewards.catalogue import redeeming, stock
from rewards.catalogue.items import Item, occasion
from rewards.catalogue.redeeming import Order, Redeemed
from rewards.first_programme import first_programme
from rewards.rules import Programme

VISIT = datetime(2099, 5, 21, 12, 0, tzinfo=UTC)
LATER_VISIT = datetime(2099, 6, 21, 12, 0, tzinfo=UTC)


def item(key: str, kind: str = "goods", cost: int = 100, **more: Any) -> Item:
    """An item with a name in three languages."""
    name = {"en": f"The {key}", "zh_Hans": f"{key} 一件", "zh_Hant": f"{key} 一件"}
    return Item.model_validate({"key": key, "kind": kind, "cost": cost, "name": name, **more})


def shelves(**changes: Any) -> Programme:
    """The proposed programme with one item of every kind beside its vouchers."""
    rules = first_programme()
    more = (
        item("teapot", counted=True, sent=True, value=3_000, currency="USD"),
        item("tasting", "service", 150),
        item("visit", "experience", 200, counted=True, dates=(VISIT, LATER_VISIT)),
        item("first-flush", "preorder", 100, sent=True, expected_on=date(2099, 4, 1)),
        item("ten", "voucher", 100, value=500, currency="USD", uses=3, valid_days=30, bearer=True),
    )
    return rules.model_copy(update={"catalogue": (*rules.catalogue, *more), **changes})


def open_shelves(house: Any, *items: Item) -> None:
    """Publish it (with `items` instead, if any) before anything happened."""
    house.publish(shelves(catalogue=items) if items else shelves())


def count_in(house: Any, key: str, by: int, now: datetime, date_: datetime | None = None) -> None:
    """So many came in."""
    with writing() as session:
        name = occasion(date_) if date_ else ""
        stock.receive(session, house.olga, key, name, by, "", now)


def enrich(house: Any, member_id: str, points: int, now: datetime) -> None:
    """Points at once, outside the rules."""
    from foundation.tables import new_id
    from ledger import earning

    with writing() as session:
        earning.credit(
            session,
            owner=member_id,
            commodity="points",
            amount=points,
            key=f"gift:{new_id(now)}",
            now=now,
        )


def buy(
    member_id: str, key: str, now: datetime, request: str = "form-0001", **more: Any
) -> Redeemed:
    """Redeem an item."""
    with writing() as session:
        return redeeming.redeem(session, member_id, Order(key, request, **more), now)
