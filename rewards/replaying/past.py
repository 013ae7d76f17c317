"""Members as they would have been: what the engine asks of them, and what becomes of each fact."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from rewards import tallies
from rewards.budgets.rules import EVER, scope_of
from rewards.cards import past as past_gifts
from rewards.cards.past import PastGifts
from rewards.engine import MAILBOX, Award, Engine, caps_of, scopes
from rewards.happenings import day_of
from rewards.replaying import before
from rewards.replaying.counting import Times
from rewards.replaying.outcomes import BudgetHit, Outcome, RuleCost, cost_key
from rewards.replaying.points import Lot, PastPoints
from rewards.replaying.reading import REFUND
from rewards.rules import (
    POINTS,
    VOUCHER,
    Happened,
    Programme,
    Tier,
    allowances,
    commodity_of,
    counts_times,
    month_of,
    order_reference,
    share_taken_back,
)
from rewards.standing.past import PastPlaces


class Past:
    """Members as they would have been, moved forward fact by fact; the engine's `State`."""

    def __init__(self, rules: Programme, start: datetime) -> None:
        self.rules = rules
        self.engine = Engine(rules)
        self.now = start  # when the present fact was heard
        self._weighed = PastPlaces(rules, start) if rules.standing is not None else None
        self.places = self._weighed or PastPoints(rules)
        self._points = self.places if isinstance(self.places, PastPoints) else None
        self.gifts = PastGifts(rules)
        self._engines = {past_gifts.REPLAYED: self.engine}
        self._has_gifts = False
        self._has_budgets = bool(rules.budgets)
        self._warning = [each for each in allowances(rules) if not each.budget.is_hard]
        self._counts_vouchers = any(each.unit == "vouchers" for each in rules.budgets)
        self._vouchers_back: before.Back = {}
        self._window = timedelta(days=rules.standing_window_days)
        self._given: dict[tuple[str, str, str | None], int] = {}
        self._resting: dict[str, list[Lot]] = {}
        self._caps = {rule.key: caps for rule in rules.earning if (caps := caps_of(rule))}
        self._capped: dict[str, set[str]] = {}
        self._committed: dict[tuple[str, str], int] = {}  # by period and scope
        self._times = Times(counts_times(rules))
        self._number = 0

    def begin(self, session: Session, start: datetime, end: datetime) -> None:
        """Start from the grants for what happened before `start`."""
        if self._weighed is not None:
            self._weighed.begin(session)
        self.gifts.begin(session, start, end)
        self._has_gifts = self.gifts.is_asked
        for number, rules in self.gifts.programmes.items():  # of cards that were begun before
            self._engines.setdefault(number, Engine(rules))
            self._has_budgets = self._has_budgets or bool(rules.budgets)
        # A refund makes room in budgets however old its order is.
        for lot, basis in before.lots(
            session,
            start,
            self._window,
            is_all=self._has_budgets,
            has_vouchers=self._counts_vouchers,
        ):
            self._keep(lot, basis)
        if self._counts_vouchers:
            self._vouchers_back = before.vouchers_back(session, end)
        self._begin_caps(session, start)
        self._times.begin(session, start)
        if self._has_budgets:
            self._begin_budgets(session, start)

    def _begin_budgets(self, session: Session, start: datetime) -> None:
        month = month_of(start)
        first, _ = tallies.bounds(month)
        for since, period in ((None, EVER), (first, month)):
            for rule, commodity, amount in before.net(session, start, since):
                self._commit(rule, commodity, period, amount)

    def _commit(self, rule: str, commodity: str, period: str, amount: int) -> None:
        for scope in (scope_of(rule, commodity), scope_of(None, commodity)):
            key = (period, scope)
            self._committed[key] = self._committed.get(key, 0) + amount

    def _begin_caps(self, session: Session, start: datetime) -> None:
        caps = [(rule, cap) for rule, several in self._caps.items() for cap in several]
        gives = {rule.key: commodity_of(self.rules, rule) for rule in self.rules.earning}
        for span in (None, month_of(start), day_of(start)):
            rules = {rule: gives[rule] for rule, cap in caps if cap.span(start) == span}
            for member_id, rule, amount in before.given(session, start, rules, span):
                key = (member_id, rule, span)
                self._given[key] = self._given.get(key, 0) + amount

    def _keep(self, lot: Lot, basis: str | None) -> None:
        if self._points is not None and lot.commodity == POINTS:
            self._points.keep(lot)
        if basis is not None:
            self._resting.setdefault(basis, []).append(lot)

    # What the engine asks.

    def tier(self, member_id: str) -> Tier:
        return self.places.tier(member_id, self.now)

    def given(self, member_id: str, rule: str, span: str | None) -> int:
        return self._given.get((member_id, rule, span), 0)

    def committed(self, scope: str, period: str) -> int:
        return self._committed.get((period, scope), 0)

    def times(self, fact: Happened) -> int:
        return self._number

    # What happens.

    def hear(self, fact: Happened, heard_at: datetime, outcome: Outcome) -> None:
        """Do what earning, clawing back and standing would have done with a fact."""
        if self._has_gifts:
            self.fill(self.gifts.hear(fact, heard_at), outcome)
        self.now = heard_at
        if fact.kind == REFUND:
            self.refund(fact, outcome)
        else:
            self.give(fact, outcome)
        if self._weighed is not None:
            self._weighed.hear(fact, heard_at)

    def fill(self, cards: Iterable[Happened], outcome: Outcome) -> None:
        """Pay full cards, each by the version whose terms it keeps."""
        for fact in cards:
            self._pay(self._engines[fact.details["programme"]], fact, outcome)

    def give(self, fact: Happened, outcome: Outcome) -> None:
        self._number = self._times.number(fact, self.now)
        self._pay(self.engine, fact, outcome)

    def _pay(self, engine: Engine, fact: Happened, outcome: Outcome) -> None:
        for award in engine.awards(fact, self):
            if award.cause == MAILBOX:  # no limit of the programme that somebody could raise
                continue
            if award.commodity == VOUCHER:
                self._give_vouchers(engine.programme, award, fact, outcome)
                continue
            key = cost_key(award.rule, award.commodity)
            cost = outcome.replayed.setdefault(key, RuleCost())
            if award.capped:
                cost.capped += award.capped
                self._capped.setdefault(award.rule, set()).add(award.member_id)
                _note_budget(outcome, award, fact)
            if award.amount:
                cost.granted += award.amount
                cost.grants += 1
                self._add(award, fact)
                self._look_beyond(award, fact, outcome)

    def _give_vouchers(
        self, rules: Programme, award: Award, fact: Happened, outcome: Outcome
    ) -> None:
        if award.capped:
            self._capped.setdefault(award.rule, set()).add(award.member_id)
            _note_budget(outcome, award, fact)
        if award.amount and self._counts_vouchers:
            self._add(award, fact)
            self._look_beyond(award, fact, outcome)
        else:
            self._count_caps(award, fact)
        rule = rules.rule(award.rule)
        item = rules.item(rule.voucher or "") if rule else None
        assert item is not None  # a programme without it is kept by nobody
        for _ in range(award.amount):
            self.gifts.give(award.rule, item)

    def _count_caps(self, award: Award, fact: Happened) -> None:
        for cap in self._caps.get(award.rule, ()):
            key = (award.member_id, award.rule, cap.span(fact.at))
            self._given[key] = self._given.get(key, 0) + award.amount

    def _add(self, award: Award, fact: Happened) -> None:
        self._count_caps(award, fact)
        month = ""
        if self._has_budgets:
            month = month_of(fact.at)
            for period in (month, EVER):
                self._commit(award.rule, award.commodity, period, award.amount)
        if self._points is not None or award.basis is not None:
            of = (award.member_id, award.rule, award.commodity)
            lot = Lot(*of, award.amount, self.now, month, fact_id=fact.id)
            self._keep(lot, award.basis)

    def _look_beyond(self, award: Award, fact: Happened, outcome: Outcome) -> None:
        """Note the budgets that only warn and are passed with this award."""
        for allowance in self._warning:
            if set(allowance.scopes).isdisjoint(scopes(award)):
                continue
            period = allowance.budget.period_of(month_of(fact.at))
            beyond = allowance.committed(partial(self.committed, period=period)) - allowance.limit
            if beyond > 0:
                hit = outcome.budgets.setdefault(allowance.budget.key, BudgetHit())
                hit.happened(fact.at)
                hit.beyond = max(hit.beyond, beyond)

    def refund(self, fact: Happened, outcome: Outcome) -> None:
        details = fact.details
        for lot in self._resting.get(order_reference(str(details["order"])), ()):
            due = share_taken_back(lot.amount, details["refunded_total"], details["total"])
            self._take_back(lot, self._going_back(lot, due - lot.clawed, fact), outcome)
        for card in self.gifts.refund(fact):
            for lot in self._resting.get(card, ()):
                self._take_back(lot, lot.amount - lot.clawed, outcome)

    def _going_back(self, lot: Lot, due: int, refund: Happened) -> int:
        """Of `due`, what goes back: of vouchers that were really given, those not used by then."""
        if lot.commodity != VOUCHER:
            return due
        really = self._vouchers_back.get((lot.fact_id, lot.rule, lot.member_id))
        return due if really is None else min(due, really.get(refund.id, 0))

    def _take_back(self, lot: Lot, taken: int, outcome: Outcome) -> None:
        if taken <= 0:
            return
        lot.clawed += taken
        if self._has_budgets:
            for period in (lot.month, EVER):
                self._commit(lot.rule, lot.commodity, period, -taken)
        if self._points is not None and lot.commodity == POINTS:
            self._points.take_back(lot, taken, self.now)
        if lot.in_period and lot.commodity != VOUCHER:
            outcome.replayed[cost_key(lot.rule, lot.commodity)].clawed += taken

    def capped(self, rule: str) -> int:
        """How many members a cap of `rule` stopped."""
        return len(self._capped.get(rule, ()))


def _note_budget(outcome: Outcome, award: Award, fact: Happened) -> None:
    kind, _colon, key = (award.cause or "").partition(":")
    if kind == "budget":
        hit = outcome.budgets.setdefault(key, BudgetHit())
        hit.withheld[award.commodity] = hit.withheld.get(award.commodity, 0) + award.capped
        hit.happened(fact.at)
