"""Members as they would have been: what the engine asks of them, and what becomes of each fact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from rewards.cards import past as past_gifts
from rewards.cards.past import PastGifts
from rewards.engine import MAILBOX, Award, Engine, scopes
from rewards.happenings import CARD_FILLED, REFERRED, WRITTEN
from rewards.replaying import before
from rewards.replaying.counting import Times
from rewards.replaying.limits import Limits
from rewards.replaying.outcomes import BudgetHit, Outcome, RuleCost, cost_key
from rewards.replaying.outside import Given, Told
from rewards.replaying.points import Lot, PastPoints, Placed
from rewards.replaying.reading import REFUND
from rewards.rules import (
    POINTS,
    VOUCHER,
    Happened,
    Programme,
    Tier,
    allowances,
    counts_times,
    month_of,
    order_reference,
    share_taken_back,
)
from rewards.standing.afterwards import RealTiers
from rewards.standing.past import PastPlaces


class Past:
    """Members as they would have been, moved forward fact by fact; the engine's `State`."""

    def __init__(self, rules: Programme, start: datetime, end: datetime) -> None:
        self.engine = Engine(rules)
        self.now = start  # when the present fact was heard
        self.start, self.end = start, end
        self.placed: Placed | None = None  # everybody's tier and standing when the period ended
        self._weighed = PastPlaces(rules, start) if rules.standing is not None else None
        self._points = PastPoints(rules) if self._weighed is None else None
        self._afterwards: RealTiers | None = None
        self._over: RealTiers | None = None
        self.gifts = PastGifts(rules)
        self._engines = {past_gifts.REPLAYED: self.engine}
        self._has_gifts = False
        self._limits = Limits(rules)
        self._warning = [each for each in allowances(rules) if not each.budget.is_hard]
        self._vouchers_back: before.Back = {}
        self._window = timedelta(days=rules.standing_window_days)
        self._resting: dict[str, list[Lot]] = {}
        self._capped: dict[str, set[str]] = {}
        self._times = Times(counts_times(rules))
        self._number = 0
        self._given_outside: dict[str, list[Given]] = {}
        self._refunds: dict[str, list[Happened]] = {}  # by order

    def begin(
        self,
        session: Session,
        start: datetime,
        until: datetime,
        versions: Mapping[int, Programme],
    ) -> None:
        """Start from what was granted, counted and known before `start`. What is heard last is told
        at `until`; `versions` are those of what happened outside and is told until then."""
        if self._weighed is not None:
            self._weighed.begin(session)
            if until >= self.end:
                self._afterwards = RealTiers.after(
                    session, self.engine.programme, start, self.end, until
                )
        self.gifts.begin(session, start, self.end, versions)
        self._has_gifts = self.gifts.is_asked
        for number, rules in self.gifts.programmes.items():  # by which cards may give
            self._engines.setdefault(number, Engine(rules))
        self._limits.count_for(self.gifts.programmes.values())
        # A refund makes room in budgets however old its order is.
        for lot, basis in before.lots(
            session,
            start,
            self._window,
            is_all=self._limits.has_budgets,
            has_vouchers=self._limits.counts_vouchers,
        ):
            self._keep(lot, basis)
        if self._limits.counts_vouchers:
            self._vouchers_back = before.vouchers_back(session, until)
        for refund in before.refunds(session, start):
            self._keep_refund(refund)
        self._limits.begin(session, start)
        self._times.begin(session, start)

    def _keep(self, lot: Lot, basis: str | None) -> None:
        if self._points is not None and lot.commodity == POINTS:
            self._points.keep(lot)
        if basis is not None:
            self._resting.setdefault(basis, []).append(lot)

    # What the engine asks.

    def tier(self, member_id: str) -> Tier:
        return (self._over or self._places).tier(member_id, self.now)

    def given(self, member_id: str, rule: str, span: str | None) -> int:
        return self._limits.given(member_id, rule, span)

    def committed(self, scope: str, period: str) -> int:
        return self._limits.committed(scope, period)

    def times(self, fact: Happened) -> int:
        return self._number

    # What happens.

    def hear(self, fact: Happened, heard_at: datetime, outcome: Outcome) -> None:
        """Do what earning, clawing back and standing would have done with a fact."""
        if self._has_gifts:
            self.fill(self.gifts.hear(fact, heard_at), outcome)
        self._reach(heard_at)
        if fact.kind == REFUND:
            self.refund(fact, outcome)
        else:
            self.give(fact, outcome)
        if fact.kind == REFERRED:
            self._refund_late(fact, outcome)
        if self._weighed is not None and self._over is None:
            self._weighed.hear(fact, heard_at)

    def hear_outside(self, told: Told, outcome: Outcome) -> None:
        """Let count what happened at another time, and what it really earned."""
        fact = told.fact
        if self._has_gifts:
            self.fill(self.gifts.hear_outside(fact, told.heard_at, told.version), outcome)
        self._reach(told.heard_at)
        if fact.kind == REFUND:
            self.refund(fact, None)
        self._times.number(fact)
        if fact.kind in WRITTEN and self._has_gifts:  # in its turn among what follows (`fill`)
            self._given_outside[fact.id] = told.given
        else:
            self._let_count(fact, told.given)
        if fact.kind == REFERRED:
            self._refund_late(fact, outcome)
        if self._weighed is not None and self._over is None:
            self._weighed.hear(fact, told.heard_at)

    def _reach(self, heard_at: datetime) -> None:
        self.now = heard_at
        if heard_at >= self.end:
            self.finish()

    def finish(self) -> None:
        """The period is over: whoever it is told of from now on has the tier she really had."""
        if self.placed is None:
            self.placed = self._places.at(self.end)
            self._over = self._afterwards

    @property
    def _places(self) -> PastPlaces | PastPoints:
        places = self._weighed or self._points
        assert places is not None
        return places

    def fill(self, followed: Iterable[Happened], outcome: Outcome) -> None:
        """Pay full cards and welcomes, each by the version whose terms it keeps; those of another
        time were given what they really were."""
        for fact in followed:
            if fact.id in self._given_outside:
                self._let_count(fact, self._given_outside.pop(fact.id))
            else:
                self._pay(self._engines[fact.details["programme"]], fact, outcome)

    def _let_count(self, fact: Happened, given: Iterable[Given]) -> None:
        for lot, basis in given:
            self._limits.add(lot.member_id, lot.rule, lot.commodity, lot.amount, fact.at)
            if fact.kind == CARD_FILLED:
                basis = self.gifts.basis(fact) or basis
            if lot.commodity != VOUCHER or self._limits.counts_vouchers:
                self._keep(lot, basis)

    def give(self, fact: Happened, outcome: Outcome) -> None:
        self._number = self._times.number(fact)
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
        if award.amount:
            self._add(award, fact)
            if self._limits.counts_vouchers:
                self._look_beyond(award, fact, outcome)
        rule = rules.rule(award.rule)
        item = rules.item(rule.voucher or "") if rule else None
        assert item is not None  # a programme without it is kept by nobody
        for _ in range(award.amount):
            self.gifts.give(award.rule, item)

    def _add(self, award: Award, fact: Happened) -> None:
        self._limits.add(award.member_id, award.rule, award.commodity, award.amount, fact.at)
        if award.commodity == VOUCHER and not self._limits.counts_vouchers:
            return
        if self._points is not None or award.basis is not None:
            of = (award.member_id, award.rule, award.commodity)
            lot = Lot(*of, award.amount, self.now, month_of(fact.at), fact_id=fact.id)
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

    def refund(self, fact: Happened, outcome: Outcome | None) -> None:
        """Take back what a refund asks for; `outcome` None: it is none of the period's."""
        self._keep_refund(fact)
        self._take_share(fact, outcome)
        for card in self.gifts.refund(fact):
            for lot in self._resting.get(card, ()):
                self._take_back(lot, lot.amount - lot.clawed, outcome)

    def _keep_refund(self, refund: Happened) -> None:
        order = order_reference(str(refund.details["order"]))
        self._refunds.setdefault(order, []).append(refund)

    def _refund_late(self, rewarded: Happened, outcome: Outcome) -> None:
        """Take back what went back of an order before it was rewarded."""
        known = self._refunds.get(order_reference(str(rewarded.details["order"])), [])
        for refund in sorted(known, key=lambda each: (each.at, each.id)):
            is_inside = self.start <= refund.at < self.end
            self._take_share(refund, outcome if is_inside else None)

    def _take_share(self, refund: Happened, outcome: Outcome | None) -> None:
        details = refund.details
        for lot in self._resting.get(order_reference(str(details["order"])), ()):
            due = share_taken_back(lot.amount, details["refunded_total"], details["total"])
            self._take_back(lot, self._going_back(lot, due - lot.clawed, refund), outcome)

    def _going_back(self, lot: Lot, due: int, refund: Happened) -> int:
        """Of `due`, what goes back: of vouchers that were really given, those not used by then."""
        if lot.commodity != VOUCHER:
            return due
        really = self._vouchers_back.get((lot.fact_id, lot.rule, lot.member_id))
        return due if really is None else min(due, really.get(refund.id, 0))

    def _take_back(self, lot: Lot, taken: int, outcome: Outcome | None) -> None:
        if taken <= 0:
            return
        lot.clawed += taken
        self._limits.move(lot.rule, lot.commodity, lot.month, -taken)
        if self._points is not None and lot.commodity == POINTS:
            self._points.take_back(lot, taken, self.now)
        if outcome is not None and lot.in_period and lot.commodity != VOUCHER:
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
