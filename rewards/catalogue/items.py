"""The catalogue's items as data: what points buy, on which terms. Pure.

How many are left is not part of the document, which never changes once it is published: stock is
counted in rewards/catalogue/stock.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from foundation import money, pictures
from rewards.documents import Amount, Document, Key, Objection, Texts, objection

ItemKind = Literal["voucher", "goods", "service", "experience", "preorder"]

#: Dates of one experience; more would be a calendar.
MOST_DATES = 24


class Picture(Document):
    """A picture of the store (foundation/pictures.py), with the shape of its large size in pixels.

    `alt` says what is to be seen, for whoever does not see it; without a word the picture adorns.
    """

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    width: Annotated[int, Field(ge=1, le=10_000)]
    height: Annotated[int, Field(ge=1, le=10_000)]
    alt: Texts = Field(default_factory=dict)

    def address(self, size: str) -> str:
        """Where browsers find it in a size."""
        return pictures.address(self.sha256, size)

    def shape(self, size: str) -> tuple[int, int]:
        """Its width and height in a size."""
        return pictures.scaled(self.width, self.height, size)


class Item(Document):
    """Something points buy.

    A voucher takes `value` minor units of `currency` off an order, each of its `uses` times, within
    `valid_days` of its issue; it is the member's own unless it is for the `bearer`. For the other
    kinds the value is what the thing is worth, for the owner's books, and may be 0. `counted`
    things are there only as often as the stock says, an experience per date. What is `sent` asks
    for an address. Days count in UTC, the last one included.
    """

    key: Key
    name: Texts
    kind: ItemKind = "voucher"
    cost: Amount
    value: Annotated[int, Field(ge=0, le=10**12)] = 0
    currency: str = ""
    description: Texts = Field(default_factory=dict)
    uses: Annotated[int, Field(ge=1, le=1_000)] = 1
    valid_days: Annotated[int, Field(ge=1, le=3_650)] | None = None
    bearer: bool = False
    counted: bool = False
    sent: bool = False
    limit: Annotated[int, Field(ge=1, le=1_000)] | None = None
    tier: Key | None = None
    available_from: date | None = None
    available_until: date | None = None
    dates: Annotated[tuple[AwareDatetime, ...], Field(max_length=MOST_DATES)] = ()
    expected_on: date | None = None
    picture: Picture | None = None

    @property
    def is_voucher(self) -> bool:
        return self.kind == "voucher"

    @property
    def occasions(self) -> tuple[str, ...]:
        """Under which names stock is counted: one per date, or one nameless for all."""
        return tuple(occasion(each) for each in self.dates) or ("",)

    def is_offered(self, day: date) -> bool:
        """Whether `day` lies within the time it can be had."""
        begun = self.available_from is None or self.available_from <= day
        return begun and (self.available_until is None or day <= self.available_until)


def occasion(moment: datetime) -> str:
    """The name of a date of an experience: "20261205T1400Z"."""
    return f"{moment.astimezone(UTC):%Y%m%dT%H%MZ}"


def moment_of(name: str) -> datetime | None:
    """The date behind an occasion's name; None for the nameless one."""
    return datetime.strptime(name, "%Y%m%dT%H%MZ").replace(tzinfo=UTC) if name else None


def objections(items: Sequence[Item], tiers: Sequence[str]) -> Iterator[Objection]:
    """What keeps a catalogue from being published; `tiers` are the keys of the programme's."""
    for number, item in enumerate(items):
        place = f"catalogue-{number}"
        if item.cost < 1:
            yield objection(f"{place}-cost", "Ask for at least 1 point.")
        yield from _about_worth(place, item)
        yield from _about_time(place, item)
        if item.tier is not None and item.tier not in tiers:
            yield objection(
                f"{place}-tier", "There is no such tier any more. Choose one of the present ones."
            )


def _about_worth(place: str, item: Item) -> Iterator[Objection]:
    if item.is_voucher and item.value < 1:
        yield objection(f"{place}-value", "Say what the voucher is worth.")
    if (item.is_voucher or item.value) and not money.is_currency(item.currency):
        yield objection(
            f"{place}-currency",
            "“%(code)s” is not a currency. Write three letters such as USD.",
            code=item.currency,
        )
    if item.is_voucher and item.sent:
        yield objection(f"{place}-sent", "A voucher is a code: there is nothing to send.")


def _about_time(place: str, item: Item) -> Iterator[Objection]:
    first, last = item.available_from, item.available_until
    if first is not None and last is not None and last < first:
        yield objection(f"{place}-available_until", "It would end before it begins.")
    if item.dates and item.kind != "experience":
        yield objection(f"{place}-dates_text", "Only an experience has dates.")
    if len(set(item.occasions)) != len(item.occasions):
        yield objection(f"{place}-dates_text", "A date stands there twice.")
