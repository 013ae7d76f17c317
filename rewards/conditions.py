"""When a rule applies: conditions on the value of the order, products, times, tier, channel. Pure.

A condition that is not set asks for nothing; all that are set must hold together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated

from pydantic import Field

from rewards.documents import Document, Key, Objection, objection
from rewards.happenings import FactKind, Happened, products_of

LONGEST_SLUG = 80
#: A shop's address of a product, as orders name it.
Slug = Annotated[str, Field(min_length=1, max_length=LONGEST_SLUG)]
Channel = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
Minor = Annotated[int, Field(ge=0, le=10**12)]
Times = Annotated[int, Field(ge=1, le=1_000_000)]
MOST = 50


class Condition(Document):
    """What must be true of a fact.

    `value_min` and `value_max` (both included) are the whole order's total in minor units of the
    programme's currency; an order in another currency meets neither. `products` asks for one of
    them at least, and value counted by the rule is then that of these products' lines only.
    `time_from` and `time_until` (both included) and `every` ask how manieth time it is that the
    fact's member did this: the first is (1, 1), each tenth is every 10. `tiers` is about who
    receives, `channels` about the link the friend came by.
    """

    value_min: Minor | None = None
    value_max: Minor | None = None
    products: Annotated[tuple[Slug, ...], Field(max_length=MOST)] = ()
    time_from: Times | None = None
    time_until: Times | None = None
    every: Times | None = None
    tiers: Annotated[tuple[Key, ...], Field(max_length=MOST)] = ()
    channels: Annotated[tuple[Channel, ...], Field(max_length=MOST)] = ()

    @property
    def counts_times(self) -> bool:
        """Whether it must be known how manieth time this is."""
        return not (self.time_from is self.time_until is self.every is None)

    @property
    def asks_value(self) -> bool:
        return self.value_min is not None or self.value_max is not None


#: The condition of a rule that always applies.
ALWAYS = Condition()


def meets(
    condition: Condition, fact: Happened, currency: str, tier: str, times: Callable[[], int]
) -> bool:
    """Whether `fact` meets it for somebody in `tier`; `times()` is asked only when needed."""
    if condition == ALWAYS:
        return True
    return (
        (not condition.tiers or tier in condition.tiers)
        and (not condition.channels or fact.details.get("channel") in condition.channels)
        and (not condition.products or not products_of(fact).keys().isdisjoint(condition.products))
        and (not condition.asks_value or _value_fits(condition, fact, currency))
        and (not condition.counts_times or _times_fit(condition, times()))
    )


def _value_fits(condition: Condition, fact: Happened, currency: str) -> bool:
    total = fact.details.get("total")
    if not isinstance(total, int) or fact.details.get("currency") != currency:
        return False
    least = condition.value_min or 0
    return least <= total and (condition.value_max is None or total <= condition.value_max)


def _times_fit(condition: Condition, number: int) -> bool:
    return (
        (condition.time_from is None or number >= condition.time_from)
        and (condition.time_until is None or number <= condition.time_until)
        and (condition.every is None or number % condition.every == 0)
    )


def value_counted(condition: Condition, fact: Happened) -> int:
    """The minor units a rule counts: the order's total, or of it what its products cost."""
    total = fact.details.get("total")
    if not isinstance(total, int) or total <= 0:
        return 0
    if not condition.products:
        return total
    products = products_of(fact)
    return min(total, sum(products.get(slug, 0) for slug in condition.products))


def objections(
    place: str, condition: Condition, known: FactKind, tiers: frozenset[str]
) -> Iterator[Objection]:
    """What cannot be asked of facts of this kind, or never can be true."""
    if condition.asks_value and not known.has_value:
        yield objection(f"{place}-value_min", "Only orders have a value to ask for.")
    low, high = condition.value_min, condition.value_max
    if low is not None and high is not None and low > high:
        yield objection(f"{place}-value_max", "The highest value is below the lowest.")
    if condition.products and not known.has_products:
        yield objection(f"{place}-products", "Only orders, referrals and reviews have products.")
    if condition.channels and not known.has_channel:
        yield objection(f"{place}-channels", "Only referrals come by a channel.")
    first, last = condition.time_from, condition.time_until
    if first is not None and last is not None and first > last:
        yield objection(f"{place}-time_until", "The last time is before the first.")
    unknown = next((key for key in condition.tiers if key not in tiers), None)
    if unknown is not None:
        yield objection(
            f"{place}-tiers",
            "There is no tier “%(tier)s” any more. Choose among those there are.",
            tier=unknown,
        )
