"""Collecting: which order stamps which card, and what a refund undoes; live and in replays. Pure.

An order goes to the oldest card of its kind that still has room and time; only if there is none, a
new one begins, under the terms in force when the order was paid. A card keeps its terms to its end,
also when the programme changes or drops it. A refund takes the stamp off its card; a card that was
full has room again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rewards.cards.rules import Held, StampCard, is_lost, may_begin, stamped_that_day
from rewards.conditions import meets
from rewards.happenings import CARD_FILLED, Happened, order_reference
from rewards.rules import Programme


@dataclass(frozen=True, slots=True)
class Stamped:
    """An order that was stamped on a card."""

    card: Held
    order: str
    at: datetime
    is_first: bool  # the card began with it
    fills: bool


@dataclass(frozen=True, slots=True)
class Lost:
    """A stamp that a refund took back."""

    card: Held
    order: str
    was_full: bool


class Collection:
    """The cards of some members; `programmes` are the versions they were begun under."""

    def __init__(self, programmes: Mapping[int, Programme], cards: Iterable[Held] = ()) -> None:
        self.programmes = programmes
        self._cards: dict[str, dict[str, list[Held]]] = {}  # by member and kind, oldest first
        self._stamped: dict[str, list[Held]] = {}  # by order
        for card in cards:
            self._keep(card)

    def _keep(self, card: Held) -> None:
        self._cards.setdefault(card.member_id, {}).setdefault(card.terms.key, []).append(card)
        for order in card.stamps:
            self._stamped.setdefault(order, []).append(card)

    @property
    def has_any(self) -> bool:
        """Whether there is any card."""
        return bool(self._cards)

    def pay(self, fact: Happened, version: int, new_id: Callable[[], str]) -> list[Stamped]:
        """Stamp a paid order on every kind of card it counts for, under `version` where it begins
        one."""
        assert fact.member_id is not None
        order, mine = _order(fact), self._cards.get(fact.member_id, {})
        stamped = []
        for key in sorted({*mine, *(terms.key for terms in self.programmes[version].cards)}):
            cards = mine.get(key, [])
            if any(order in card.stamps for card in cards):
                continue
            card = self._room(cards, fact)
            is_first = card is None
            if card is None:
                card = self._new(key, cards, fact, version, new_id)
            if card is not None:
                card.stamps[order] = fact.at
                if is_first:
                    self._keep(card)
                else:
                    self._stamped.setdefault(order, []).append(card)
                stamped.append(Stamped(card, order, fact.at, is_first, card.is_full))
        return stamped

    def _room(self, cards: list[Held], fact: Happened) -> Held | None:
        fitting = (card for card in cards if card.fits(fact.at))
        return next((c for c in fitting if self._counts(c.terms, c.version, cards, fact)), None)

    def _new(
        self,
        key: str,
        cards: list[Held],
        fact: Happened,
        version: int,
        new_id: Callable[[], str],
    ) -> Held | None:
        terms = self.programmes[version].card(key)
        if terms is None or not self._counts(terms, version, cards, fact):
            return None
        if not may_begin(terms, cards, fact.at):
            return None
        number = max((card.number for card in cards), default=0) + 1
        return Held(new_id(), str(fact.member_id), number, version, terms)

    def _counts(self, terms: StampCard, version: int, cards: list[Held], fact: Happened) -> bool:
        if terms.one_a_day and stamped_that_day(cards, fact.at):
            return False
        return meets(terms.when, fact, self.programmes[version].currency, "", lambda: 0)

    def refund(self, fact: Happened) -> list[Lost]:
        """Take the stamps of a refunded order off their cards, where too little of it is left."""
        order = _order(fact)
        cards, lost = self._stamped.get(order, []), []
        for card in list(cards):
            if is_lost(card.terms, int(fact.details["refunded_total"]), int(fact.details["total"])):
                lost.append(Lost(card, order, card.is_full))
                del card.stamps[order]
                cards.remove(card)
        return lost


def _order(fact: Happened) -> str:
    return order_reference(str(fact.details.get("order") or fact.subject))


def basis_of(card_id: str) -> str:
    """What the reward of a card rests on: "card:<id>"."""
    return f"card:{card_id}"


def filled(stamped: Stamped) -> dict[str, Any]:
    """What the fact says when a stamp fills its card. It is paid by the card's own version."""
    card = stamped.card
    return {
        "card": card.terms.key,
        "number": card.number,
        "programme": card.version,
        "basis": basis_of(card.id),
        "order": stamped.order,
    }


def filling(stamped: Stamped, fact: Happened) -> Happened:
    """A filled card as the engine hears of it."""
    subject = filled_subject(stamped)
    return Happened(subject, CARD_FILLED, subject, stamped.card.member_id, fact.at, filled(stamped))


def filled_subject(stamped: Stamped) -> str:
    """The subject of the fact: after a refund another order may fill the card again."""
    return f"card:{stamped.card.id}:{stamped.order.removeprefix('order:')}"
