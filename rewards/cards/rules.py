"""Stamp cards and welcome vouchers as data, and the arithmetic of one card. Pure.

Until when a card runs is never stored: it follows from its stamps, so an order that we are told of
late, or one that a refund takes away, moves it as if we had known from the start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from pydantic import Field

from rewards.catalogue.items import Item
from rewards.conditions import MOST, Condition, Minor, Slug
from rewards.documents import Amount, Document, Key, Objection, Texts, about_names, objection

#: A card of one stamp is an earning rule; more than these nobody sees the end of.
FEWEST, MOST_STAMPS = 2, 30
#: The earning rule of a card is called by its key and this, so the key is a little shorter.
RULE = "card_"
WELCOME = "welcome_"

CardKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,34}$")]


class StampCard(Document):
    """So many paid orders within so many days, then a reward; again and again, or `times` times.

    An order counts when it is worth `value_min` minor units of the programme's currency and holds
    one of `products`; with `one_a_day` only the first one of a day (UTC) does, so that an order cut
    in pieces is worth no more. The days count from the first stamp, the last one included. The
    reward is `points` or store `credit` (minor units of the programme's currency), on hold for the
    return period of the last order if `is_held`, or the catalogue's `voucher`.
    """

    key: CardKey
    name: Texts
    orders: Annotated[int, Field(ge=FEWEST, le=MOST_STAMPS)]
    days: Annotated[int, Field(ge=1, le=1_100)]
    value_min: Minor | None = None
    products: Annotated[tuple[Slug, ...], Field(max_length=MOST)] = ()
    one_a_day: bool = True
    points: Amount | None = None
    credit: Minor | None = None
    is_held: bool = True
    voucher: Key | None = None
    times: Annotated[int, Field(ge=1, le=1_000)] | None = None

    @property
    def when(self) -> Condition:
        """What an order must be to be stamped."""
        return Condition(value_min=self.value_min, products=self.products)

    @property
    def rule(self) -> str:
        """The key of the earning rule that pays a full card."""
        return f"{RULE}{self.key}"

    @property
    def is_paid(self) -> bool:
        """Whether a full one is paid by a rule; a voucher is given without one."""
        return bool(self.points or self.credit)


class WelcomeVoucher(Document):
    """A voucher of the catalogue, given once to every new member whose e-mail address is confirmed,
    or only to those whom a friend brought; at once, or after so many paid orders.

    It is good for `valid_days` (None: as long as the item says) and for orders worth `order_min`
    minor units of the item's currency.
    """

    key: Key
    name: Texts
    voucher: Key
    friends_only: bool = False
    after_orders: Annotated[int, Field(ge=0, le=10)] = 0
    valid_days: Annotated[int, Field(ge=1, le=3_650)] | None = None
    order_min: Minor | None = None

    @property
    def rule(self) -> str:
        """What is said to have given it."""
        return f"{WELCOME}{self.key}"


# One card of one member.


def last_day(first: datetime, days: int) -> date:
    """The last day (UTC) of a card whose first order was paid at `first`."""
    return first.astimezone(UTC).date() + timedelta(days=days)


def end_of(first: datetime, days: int) -> datetime:
    """The instant at which a card is over: the midnight after its last day."""
    return datetime.combine(last_day(first, days) + timedelta(days=1), time(), UTC)


@dataclass(slots=True)
class Held:
    """A member's card: its terms, and when the orders stamped on it were paid, by "order:<id>".

    It keeps the terms of the `version` of the programme it was begun under. Stamps that a refund
    took back are gone from it.
    """

    id: str
    member_id: str
    number: int  # of her cards of this kind
    version: int
    terms: StampCard
    stamps: dict[str, datetime] = field(default_factory=dict)

    @property
    def is_full(self) -> bool:
        return len(self.stamps) >= self.terms.orders

    @property
    def last_day(self) -> date | None:
        """The last day of its time; None while it has no stamp."""
        return last_day(min(self.stamps.values()), self.terms.days) if self.stamps else None

    def is_running(self, at: datetime) -> bool:
        """Whether orders can still fill it at `at`."""
        if not self.stamps or self.is_full:
            return False
        return at < end_of(min(self.stamps.values()), self.terms.days)

    def fits(self, at: datetime) -> bool:
        """Whether its orders, and one paid at `at`, all lie within its days."""
        if not self.stamps or self.is_full:
            return False
        first, last = min(self.stamps.values()), max(self.stamps.values())
        return max(last, at) < end_of(min(first, at), self.terms.days)


def may_begin(terms: StampCard, cards: Iterable[Held], at: datetime) -> bool:
    """Whether a member with these cards of the kind gets one more for an order paid at `at`."""
    if terms.times is None:
        return True
    return sum(card.is_full or card.is_running(at) for card in cards) < terms.times


def stamped_that_day(cards: Iterable[Held], at: datetime) -> bool:
    """Whether an order of the same day (UTC) is on one of these cards already."""
    day = at.astimezone(UTC).date()
    return any(
        each.astimezone(UTC).date() == day for card in cards for each in card.stamps.values()
    )


def is_lost(terms: StampCard, refunded: int, total: int) -> bool:
    """Whether an order keeps its stamp no more once `refunded` of `total` went back."""
    left = total - refunded
    return left <= 0 or left < (terms.value_min or 0)


# What an owner may not publish.


def objections(
    cards: Sequence[StampCard], welcome: Sequence[WelcomeVoucher], catalogue: Sequence[Item]
) -> Iterator[Objection]:
    """What keeps cards and welcome vouchers from being published."""
    items = {item.key: item for item in catalogue}
    yield from about_names("cards", cards)
    yield from about_names("welcome", welcome)
    for number, card in enumerate(cards):
        place = f"cards-{number}"
        if [bool(card.points), bool(card.credit), card.voucher is not None].count(True) != 1:
            yield objection(
                f"{place}-points",
                "Give one thing for a full card: points, store credit or a voucher.",
            )
        if card.voucher is not None:
            yield from about_voucher(place, items.get(card.voucher))
    for number, voucher in enumerate(welcome):
        place = f"welcome-{number}"
        yield from about_voucher(place, items.get(voucher.voucher))
        if voucher.friends_only and voucher.after_orders:
            yield objection(
                f"{place}-after_orders", "Whom a friend brought gets it at once: write 0 here."
            )


def about_voucher(place: str, item: Item | None) -> Iterator[Objection]:
    """What keeps an item of the catalogue from being given away as a voucher."""
    if item is None:
        yield objection(
            f"{place}-voucher", "The catalogue has no such voucher any more. Choose another one."
        )
    elif not item.is_voucher or item.counted:
        yield objection(
            f"{place}-voucher",
            "Only vouchers that are not counted in stock can be given away. Choose another one.",
        )
