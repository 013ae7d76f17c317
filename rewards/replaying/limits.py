"""What caps and budgets have counted so far: what rules gave each member, and all of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from rewards import tallies
from rewards.budgets.rules import EVER, scope_of
from rewards.engine import caps_of
from rewards.happenings import day_of
from rewards.replaying import before
from rewards.rules import VOUCHER, Programme, commodity_of, month_of


class Limits:
    """Counters of a replay: for rules with a cap what each member got, for budgets what was
    committed, if any of `programmes`, by which something may be given, has a budget."""

    def __init__(self, rules: Programme) -> None:
        self._caps = {rule.key: caps for rule in rules.earning if (caps := caps_of(rule))}
        self._gives = {rule.key: commodity_of(rules, rule) for rule in rules.earning}
        self._given: dict[tuple[str, str, str | None], int] = {}
        self._committed: dict[tuple[str, str], int] = {}  # by period and scope
        self.has_budgets = False
        self.counts_vouchers = False

    def count_for(self, programmes: Iterable[Programme]) -> None:
        """Count what the budgets of `programmes` ask for."""
        for rules in programmes:
            self.has_budgets = self.has_budgets or bool(rules.budgets)
            self.counts_vouchers |= any(each.unit == "vouchers" for each in rules.budgets)

    def begin(self, session: Session, start: datetime) -> None:
        """Start from the grants of before `start`."""
        for span in (None, month_of(start), day_of(start)):
            rules = {
                key: self._gives[key]
                for key, caps in self._caps.items()
                if any(cap.span(start) == span for cap in caps)
            }
            for member_id, rule, amount in before.given(session, start, rules, span):
                key = (member_id, rule, span)
                self._given[key] = self._given.get(key, 0) + amount
        if self.has_budgets:
            first, _ = tallies.bounds(month_of(start))
            for since, period in ((None, EVER), (first, month_of(start))):
                for rule, commodity, amount in before.net(session, start, since):
                    self._move(rule, commodity, period, amount)

    def add(self, member_id: str, rule: str, commodity: str, amount: int, at: datetime) -> None:
        """Something was given for what happened `at`."""
        if commodity == self._gives.get(rule):
            for cap in self._caps.get(rule, ()):
                key = (member_id, rule, cap.span(at))
                self._given[key] = self._given.get(key, 0) + amount
        if self.has_budgets and (self.counts_vouchers or commodity != VOUCHER):
            self.move(rule, commodity, month_of(at), amount)

    def move(self, rule: str, commodity: str, month: str, amount: int) -> None:
        """Budgets have so much less room, or more."""
        if self.has_budgets:
            for period in (month, EVER):
                self._move(rule, commodity, period, amount)

    def _move(self, rule: str, commodity: str, period: str, amount: int) -> None:
        for scope in (scope_of(rule, commodity), scope_of(None, commodity)):
            key = (period, scope)
            self._committed[key] = self._committed.get(key, 0) + amount

    def given(self, member_id: str, rule: str, span: str | None) -> int:
        """What a rule with a cap gave a member on a day, in a month, or ever."""
        return self._given.get((member_id, rule, span), 0)

    def committed(self, scope: str, period: str) -> int:
        """What was committed in a month or ever."""
        return self._committed.get((period, scope), 0)
