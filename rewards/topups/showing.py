"""What the shop shows of top-up offers: what a product brings, on its own page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy.orm import Session

from rewards import programme
from rewards.rules import Programme


class Sold(Protocol):
    """A product, as far as this room knows any."""

    @property
    def slug(self) -> str: ...


def on_product(session: Session, product: Sold) -> tuple[str, Mapping[str, Any]]:
    """The offers that are bought with a product (a section of its page)."""
    rules = programme.current(session)
    offers = [each for each in rules.topups if each.product == product.slug] if rules else []
    return "rewards/topups/on_product.html", {"offers": offers}


def pages(before: Programme | None, after: Programme) -> set[str]:
    """The pages of products that change when `after` is published."""
    offers = (*(before.topups if before else ()), *after.topups)
    return {f"product:{each.product}" for each in offers}
