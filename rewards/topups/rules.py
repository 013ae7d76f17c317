"""Top-up offers as data: what an order of their product brings, and what a refund takes. Pure.

Every step rounds down in the member's favour where it takes, and in the shop's where it gives: an
offer gives whole free units only, and a refund takes whole units only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from rewards.commodities import FREE, PAID, key_in
from rewards.conditions import Slug
from rewards.documents import Document, Key, Objection, Texts, about_names, objection
from rewards.happenings import Happened, pieces_of, products_of

Units = Annotated[int, Field(ge=1, le=1_000)]
Days = Annotated[int, Field(ge=1, le=3_650)]


class TopUp(Document):
    """Prepay `every` units, get `free` more.

    One piece of `product` sold counts as `units` prepaid; for every `every` of them in one order
    come `free` free ones. A card of ten pots for the price of nine has units 9, every 9, free 1; a
    pot sold singly with “prepay five, get one free” has units 1, every 5, free 1. `unit` is what
    one is, in words. What was paid for never expires; the free ones do after `free_days` (None:
    never).
    """

    key: Key
    name: Texts
    unit: Texts
    product: Slug
    units: Units = 1
    every: Units
    free: Units = 1
    free_days: Days | None = None

    def free_with(self, paid: int) -> int:
        """How many free ones come with so many paid ones."""
        return paid // self.every * self.free


@dataclass(frozen=True)
class Bought:
    """What one order brings by one offer; `value` is what was paid for it, in minor units."""

    offer: TopUp
    paid: int
    free: int
    value: int


@dataclass(frozen=True)
class Back:
    """How many units of a purchase its refunds ask back, of each sort."""

    paid: int
    free: int


def paid_in(key: str) -> str:
    """The commodity of what was paid for."""
    return PAID + key


def free_in(key: str) -> str:
    """The commodity of what came free."""
    return FREE + key


def offer_of(commodity: str) -> str | None:
    """The key of the offer whose units these are; None for anything else."""
    return key_in(commodity, PAID, FREE)


def bought(offers: Sequence[TopUp], fact: Happened) -> Iterator[Bought]:
    """What a paid order brings by each of `offers`; nothing for any other fact."""
    if fact.kind != "order.paid":
        return
    products = products_of(fact)
    for offer in offers:
        if offer.product in products:
            paid = pieces_of(fact, offer.product) * offer.units
            yield Bought(offer, paid, offer.free_with(paid), products[offer.product])


def asked_back(offer: TopUp, paid: int, value: int, refunded: int, total: int) -> Back:
    """What refunds of `refunded` of an order of `total` ask back of `paid` units worth `value`.

    Refunds count for the order's other goods first. Of the rest, the units whose price was given
    back in full are asked back, and the free ones that would not have come without them.
    """
    if refunded >= total:
        gone = paid
    else:
        given_back = max(refunded - (total - value), 0)
        gone = paid * min(given_back, value) // value if value > 0 else 0
    return Back(gone, offer.free_with(paid) - offer.free_with(paid - gone))


def objections(offers: Sequence[TopUp]) -> Iterator[Objection]:
    """What keeps these offers from being published."""
    yield from about_names("topups", offers)
    products: set[str] = set()
    for number, offer in enumerate(offers):
        place = f"topups-{number}"
        if not offer.unit.get("en", "").strip():
            yield objection(f"{place}-unit_en", "Say in English what one of them is.")
        if offer.product in products:
            yield objection(
                f"{place}-product",
                "Another offer is bought with this product. Each needs a product of its own.",
            )
        products.add(offer.product)
