"""A counter where members drink what they prepaid: two offers in force, and orders of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from rewards import clawing_back, earning
from rewards.first_programme import first_programme
from rewards.standing import keeping as standing
from rewards.topups import buying, refunding
from rewards.topups.rules import TopUp
from tests.rewards import conftest

DAY = datetime(2026, 2, 2, 9, 0, tzinfo=UTC)
TEN = TopUp(
    key="ten",
    name={"en": "Ten pots for nine"},
    unit={"en": "A pot"},
    product="pot-card",
    units=9,
    every=9,
    free=1,
)
SINGLE = TEN.model_copy(
    update={"key": "single", "product": "pot", "units": 1, "every": 5, "free_days": 30}
)


def open_counter(house: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The house with both offers in force, and their hearers."""
    paid = (earning.hear, standing.hear, buying.hear)
    monkeypatch.setitem(conftest.HEARERS, "order.paid", paid)
    refunded = (clawing_back.hear, standing.hear, refunding.hear)
    monkeypatch.setitem(conftest.HEARERS, "order.refunded", refunded)
    house.publish(first_programme().model_copy(update={"topups": (TEN, SINGLE)}))
    return house


def buys(
    house: Any, product: str, pieces: int = 1, at: datetime = DAY, value: int = 4_500, more: int = 0
) -> str:
    """Ben's order of `pieces`, with other goods worth `more`; its subject."""
    order = f"order:{next(house._numbers)}"
    house.happens(
        "order.paid",
        house.ben,
        at,
        order,
        order=order.removeprefix("order:"),
        total=value + more,
        currency="USD",
        number=1,
        products={product: value} | ({"leaf": more} if more else {}),
        **({"pieces": {product: pieces}} if pieces > 1 else {}),
    )
    return order
