"""The one engine that says what a fact earns under a programme. Pure.

Earning asks it as facts happen, replaying about facts of the past, the calculator about what
somebody imagines; whatever it must know about a member comes from `State`. A replay asks a million
times, so what a rule says is looked up once for all facts (`_Promise`).

Rounding: every step rounds down to whole points or minor units, first the rule's own amount, then
the tier's percentage, then what fits under the caps of a member and into the budgets. Values are
counted in minor units and divided once, so a yen (no decimals) and a dinar (three) round alike. A
member never gets a fraction more than promised, and refunds take back rounded down too
(`clawing_back`), so never more than was given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from foundation import money
from rewards.budgets import rules as budgets
from rewards.budgets.rules import Allowance, scope_of
from rewards.conditions import ALWAYS, Condition, meets, value_counted
from rewards.happenings import Happened, basis_of, day_of, is_second_account, month_of
from rewards.rules import (
    EarningRule,
    Programme,
    Tier,
    allowances,
    commodity_of,
    hold_days,
    receivers,
)

Cause = Literal["day", "month", "ever"]
#: Why an award is nothing: another account of the same mailbox was confirmed first.
MAILBOX = "mailbox"


class Award(NamedTuple):
    """What one rule gives one member for one fact; `amount` 0 when limits took all of it.

    Amounts are points or minor units, as `commodity` says.
    """

    rule: str
    member_id: str
    amount: int
    commodity: str
    tier: str
    basis: str | None  # "order:<id>": what it is taken back with
    hold_days: int = 0  # from when it happened
    expires_after_days: int | None = None  # from when it can be spent
    capped: int = 0  # what caps, budgets or a second account withheld
    cause: str | None = None  # the cap that did, "budget:<key>", or MAILBOX

    @property
    def is_held(self) -> bool:
        return self.hold_days > 0


class State(Protocol):
    """What the engine must know of members: their tier and what rules gave them so far."""

    def tier(self, member_id: str) -> Tier:
        """The tier the member was in before this moment: what happens in it is not seen yet."""

    def given(self, member_id: str, rule: str, span: str | None) -> int:
        """What `rule` gave the member on a day ("2026-03-03"), in a month, or ever when None.

        Asked only of rules that have a cap. Under another version the rule may have given another
        commodity; that does not count.
        """

    def committed(self, scope: str, period: str) -> int:
        """What a rule, or all of them, committed in a month or `budgets.EVER`; a scope is one
        commodity's (`budgets.scope_of`)."""

    def times(self, fact: Happened) -> int:
        """How manieth fact of its kind this is for its member."""


class Cap(NamedTuple):
    """The most that a rule gives one member in a span of time."""

    name: Cause
    most: int
    span: Callable[[datetime], str | None]


@dataclass(frozen=True, slots=True)
class _Promise:
    """An earning rule made ready to be asked."""

    rule: EarningRule
    key: str
    when: Condition | None  # None: always
    commodity: str
    divisor: int  # of value times amount; 0: the amount is fixed
    hold_days: int
    caps: tuple[Cap, ...]


class Engine:
    """A programme made ready to say what facts earn."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self._allowances = allowances(programme)
        self._promises: dict[str, list[_Promise]] = {}
        for rule in programme.paying:
            self._promises.setdefault(rule.fact, []).append(_promise(programme, rule))

    def awards(self, fact: Happened, state: State) -> list[Award]:
        """What is promised for `fact`; an award for every rule and person it speaks of."""
        given: list[Award] = []
        for promise in self._promises.get(fact.kind, ()):
            for member_id, amount in receivers(promise.rule, fact):
                award = self._award(promise, fact, state, member_id, amount, given)
                if award is not None:
                    given.append(award)
        return given

    def _award(
        self,
        promise: _Promise,
        fact: Happened,
        state: State,
        member_id: str,
        amount: int,
        before: Sequence[Award],
    ) -> Award | None:
        """One person's award; `before` are those of the same fact, which budgets must count too."""
        rule = promise.rule
        if rule.verified_only and not fact.details.get("verified"):
            return None
        tier = state.tier(member_id)
        if promise.when is not None and not self._applies(promise.when, fact, tier.key, state):
            return None
        if promise.divisor:
            amount = self._by_value(promise, fact, amount)
        if rule.tier_applies:
            amount = amount * tier.earn_percent // 100
        if amount <= 0:
            return None
        allowed, cause = self._within_limits(promise, fact, state, member_id, amount, before)
        return Award(
            promise.key,
            member_id,
            allowed,
            promise.commodity,
            tier.key,
            basis_of(fact),
            promise.hold_days,
            rule.expires_after_days,
            amount - allowed,
            cause,
        )

    def _applies(self, when: Condition, fact: Happened, tier: str, state: State) -> bool:
        return meets(when, fact, self.programme.currency, tier, lambda: times(fact, state))

    def _by_value(self, promise: _Promise, fact: Happened, amount: int) -> int:
        """By the order's value, rounded down; nothing in another currency."""
        if fact.details.get("currency") != self.programme.currency:
            return 0
        return value_counted(promise.rule.when, fact) * amount // promise.divisor

    def _within_limits(
        self,
        promise: _Promise,
        fact: Happened,
        state: State,
        member_id: str,
        amount: int,
        before: Sequence[Award],
    ) -> tuple[int, str | None]:
        """What caps and budgets leave of an award, and which of them took the rest; of a second
        account's, nothing."""
        if is_second_account(fact.details):
            return 0, MAILBOX
        allowed = amount
        cause: str | None = None
        for cap in promise.caps:
            left = cap.most - state.given(member_id, promise.key, cap.span(fact.at))
            if left < allowed:
                allowed, cause = max(left, 0), cap.name
        if not self._allowances:
            return allowed, cause
        fitting = self._fit_budgets(promise, allowed, fact, state, before)
        return fitting.amount, f"budget:{fitting.budget}" if fitting.budget else cause

    def _fit_budgets(
        self, promise: _Promise, amount: int, fact: Happened, state: State, before: Sequence[Award]
    ) -> budgets.Allowed:
        month = month_of(fact.at)

        def committed(allowance: Allowance, scope: str) -> int:
            now = sum(each.amount for each in before if scope in scopes(each))
            return state.committed(scope, allowance.budget.period_of(month)) + now

        return budgets.allow(self._allowances, promise.key, promise.commodity, amount, committed)


def scopes(award: Award) -> tuple[str, str]:
    """What an award is counted under for budgets: its rule, and all of them."""
    return scope_of(award.rule, award.commodity), scope_of(None, award.commodity)


def awards(programme: Programme, fact: Happened, state: State) -> list[Award]:
    """What `programme` promises for a single fact."""
    return Engine(programme).awards(fact, state)


def caps_of(rule: EarningRule) -> tuple[Cap, ...]:
    """What limits a rule for one member; of equal room, the first one says so."""
    caps: tuple[tuple[Cause, int | None, Callable[[datetime], str | None]], ...] = (
        ("day", rule.cap_per_day, day_of),
        ("month", rule.cap_per_month, month_of),
        ("ever", rule.cap_per_member, lambda moment: None),
    )
    return tuple(Cap(name, most, span) for name, most, span in caps if most is not None)


def times(fact: Happened, state: State) -> int:
    """How manieth time: paid orders are counted by the shop, all else by what happened."""
    number = fact.details.get("number")
    return number if isinstance(number, int) else state.times(fact)


def _promise(programme: Programme, rule: EarningRule) -> _Promise:
    return _Promise(
        rule=rule,
        key=rule.key,
        when=None if rule.when == ALWAYS else rule.when,
        commodity=commodity_of(programme, rule),
        divisor=_divisor(programme, rule),
        hold_days=hold_days(programme, rule),
        caps=caps_of(rule),
    )


def _divisor(programme: Programme, rule: EarningRule) -> int:
    """What the value in minor units times the amount is divided by; 0 where it does not count.

    Points are counted by whole units of the currency, store credit by minor ones.
    """
    if rule.kind == "fixed":
        return 0
    unit: int = 10 ** money.exponent(programme.currency) if rule.gives_points else 1
    return unit * 100 if rule.kind == "percent" else unit
