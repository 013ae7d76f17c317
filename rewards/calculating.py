"""Calculating: what a programme would give for something imagined, by the engine that pays. Pure.

"I refer two friends who each buy for 80": the facts that would be recorded are made up, in the
order in which they would happen, and asked of `engine.Engine` for somebody new who has had nothing
yet. Budgets are taken as unused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from rewards.budgets.rules import EVER
from rewards.engine import Award, Engine, scopes
from rewards.happenings import CARD_FILLED, WELCOMED, day_of
from rewards.rules import (
    POINTS,
    VOUCHER,
    EarningRule,
    Happened,
    Programme,
    StampCard,
    Tier,
    month_of,
)

ME = "me"
#: More of anything is the same arithmetic.
MOST = 20


@dataclass(frozen=True)
class Imagined:
    """What somebody thinks of doing; sums are minor units of the programme's currency."""

    friends: int = 0
    friend_total: int = 0
    orders: int = 0
    total: int = 0
    reviews: int = 0
    answers: int = 0
    tier: str = ""


@dataclass(frozen=True)
class Line:
    """One award: to whom ("me" or the number of the friend), by which rule, and what limited it."""

    who: str
    rule: EarningRule
    award: Award
    times: int = 1  # the same again


@dataclass(frozen=True)
class Reckoned:
    """What would be given: points by who gets them; store credit (minor units) and vouchers
    likewise."""

    lines: list[Line]
    totals: dict[str, int] = field(default_factory=dict)
    credit: dict[str, int] = field(default_factory=dict)
    vouchers: dict[str, int] = field(default_factory=dict)

    @property
    def mine(self) -> int:
        return self.totals.get(ME, 0)


class _Nobody:
    """The engine's state of people who have had nothing yet."""

    def __init__(self, programme: Programme, tier: str) -> None:
        self._first = programme.tiers[0]
        self._mine = programme.tier(tier) or self._first
        self._given: Counter[tuple[str, str, str | None]] = Counter()
        self._committed: Counter[tuple[str, str]] = Counter()
        self._times: Counter[tuple[str, str | None]] = Counter()

    def tier(self, member_id: str) -> Tier:
        return self._mine if member_id == ME else self._first

    def given(self, member_id: str, rule: str, span: str | None) -> int:
        return self._given[member_id, rule, span]

    def committed(self, scope: str, period: str) -> int:
        return self._committed[scope, period]

    def times(self, fact: Happened) -> int:
        return self._times[fact.kind, fact.member_id]

    def happens(self, fact: Happened) -> None:
        self._times[fact.kind, fact.member_id] += 1

    def add(self, award: Award, fact: Happened) -> None:
        month = month_of(fact.at)
        for span in (day_of(fact.at), month, None):
            self._given[award.member_id, award.rule, span] += award.amount
        for scope in scopes(award):
            for period in (month, EVER):
                self._committed[scope, period] += award.amount


def reckon(programme: Programme, imagined: Imagined, now: datetime) -> Reckoned:
    """What `programme` would give for all of it, done today one after the other."""
    engine, state = Engine(programme), _Nobody(programme, imagined.tier)
    lines: list[Line] = []
    totals: Counter[str] = Counter()
    credit: Counter[str] = Counter()
    vouchers: Counter[str] = Counter()
    for fact in _facts(programme, imagined, now):
        state.happens(fact)
        for award in engine.awards(fact, state):
            state.add(award, fact)
            counted = {POINTS: totals, VOUCHER: vouchers}.get(award.commodity, credit)
            counted[award.member_id] += award.amount
            rule = programme.rule(award.rule)
            assert rule is not None
            lines.append(Line(award.member_id, rule, award))
    return Reckoned(list(_gathered(lines)), dict(totals), dict(credit), dict(vouchers))


def _facts(programme: Programme, imagined: Imagined, now: datetime) -> Iterator[Happened]:
    money = {"currency": programme.currency}
    for number in range(1, imagined.orders + 1):
        details = money | {"total": imagined.total, "number": number}
        yield _fact("order.paid", f"mine-{number}", ME, now, details)
    for card in programme.cards if imagined.orders else ():
        yield from _full_cards(card, imagined, now)
    yield from _welcomes(programme, ME, range(1, imagined.orders + 1), now)
    for number in range(1, imagined.friends + 1):
        friend, details = str(number), money | {"total": imagined.friend_total, "number": 1}
        yield from _welcomes(programme, friend, range(2), now)
        yield _fact("order.paid", f"friend-{number}", friend, now, details)
        brought = money | {"total": imagined.friend_total, "friend": friend, "channel": "link"}
        yield _fact("referral.purchased", f"friend-{number}", ME, now, brought)
    for number in range(imagined.reviews):
        yield _fact("review.published", f"review-{number}", ME, now, {"verified": True})
    for number in range(imagined.answers):
        yield _fact("answer.accepted", f"answer-{number}", ME, now, {})


def _welcomes(programme: Programme, who: str, orders: range, now: datetime) -> Iterator[Happened]:
    """The welcome vouchers that come with these orders; a friend's also come with joining."""
    for each in programme.welcome:
        if each.after_orders in orders and not (each.friends_only and who == ME):
            yield _fact(WELCOMED, f"{each.rule}-{who}", who, now, {"rule": each.rule})


def _full_cards(card: StampCard, imagined: Imagined, now: datetime) -> Iterator[Happened]:
    """The cards that so many orders fill, where any goods count: each on a day of its own."""
    if card.products or imagined.total < (card.value_min or 0):
        return
    full = imagined.orders // card.orders
    for number in range(full if card.times is None else min(full, card.times)):
        details = {"card": card.key, "basis": f"card:{number}"}
        yield _fact(CARD_FILLED, f"card-{card.key}-{number}", ME, now, details)


def _fact(kind: str, name: str, who: str, now: datetime, details: dict[str, Any]) -> Happened:
    order = {"order": name} if "total" in details else {}
    return Happened(f"{kind}:{name}", kind, f"order:{name}", who, now, order | details)


def _gathered(lines: list[Line]) -> Iterator[Line]:
    """Equal awards of one rule to the same person, or to one friend after another, as one line."""
    counted: dict[tuple[bool, str, int, int, str | None], list[Line]] = {}
    for line in lines:
        award = line.award
        is_mine = line.who == ME
        key = (is_mine, line.rule.key, award.amount, award.capped, award.cause)
        counted.setdefault(key, []).append(line)
    for same in counted.values():
        yield Line(same[0].who, same[0].rule, same[0].award, len(same))


def released_at(award: Award, now: datetime) -> datetime | None:
    """When it could be spent; None: at once."""
    return now + timedelta(days=award.hold_days) if award.is_held else None
