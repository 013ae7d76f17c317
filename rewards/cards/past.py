"""Cards and welcome vouchers as they would have been: the same rules over the facts of a replay.

It begins with the cards that members really had, which keep the terms of their versions, and with
the vouchers they really got; a gift is counted when it is given, whether or not a refund voids it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation.facts import Fact
from foundation.tables import new_id
from rewards import programme
from rewards.cards import stamps
from rewards.cards.collecting import Collection, Stamped, basis_of, filling
from rewards.cards.models import MemberCard, Stamp
from rewards.cards.newcomers import KINDS, SAME_MAILBOX, welcomed
from rewards.cards.rules import Held, WelcomeVoucher
from rewards.happenings import CARD_FILLED, WELCOMED, WRITTEN, Happened
from rewards.rules import Item, Programme

#: How the programme that is replayed is called among the versions; those count from 1.
REPLAYED = 0


@dataclass
class Given:
    """How many vouchers were given away, and what they were worth by currency (minor units)."""

    times: int = 0
    worth: dict[str, int] = field(default_factory=dict)

    def add(self, value: int, currency: str) -> None:
        """One more."""
        self.times += 1
        self.worth[currency] = self.worth.get(currency, 0) + value


def kinds(rules: Programme) -> set[str]:
    """The facts that cards and welcome vouchers of `rules` hear; orders in any case, for cards may
    have been begun before."""
    return {"order.paid"} | (set(KINDS) if rules.welcome else set())


class PastGifts:
    """Members' cards and welcome vouchers, moved forward fact by fact; the engine pays them."""

    def __init__(self, rules: Programme) -> None:
        self.rules = rules
        self.given: dict[str, Given] = {}  # by the rule that gave it
        self._cards = Collection({REPLAYED: rules})
        self._really: dict[tuple[str, str], tuple[str, bool]] = {}
        self._filled: dict[tuple[str, str], str] = {}
        self._place = 0  # the version whose turn is that of the programme that is replayed
        self._welcomed: set[tuple[str, str]] = set()
        self._proven: set[str] = set()
        self._second: set[str] = set()
        self._bought: Counter[str] = Counter()
        self._waiting: list[Happened] = []
        self._moment: tuple[datetime, str] | None = None

    def begin(
        self,
        session: Session,
        start: datetime,
        end: datetime,
        versions: Mapping[int, Programme],
    ) -> None:
        """Start from the cards and vouchers of before. `versions` are those in which something
        happened that is told meanwhile."""
        cards, programmes = _cards_before(session, start)
        self._cards = Collection({**programmes, **versions, REPLAYED: self.rules}, cards)
        self._place = programme.in_force(programme.timeline(session), start) or 0
        if self.is_asked:
            self._really = _really_filled(session, start, end)
        if self.rules.welcome:
            self._begin_welcome(session, start)

    def _begin_welcome(self, session: Session, start: datetime) -> None:
        heard = (Fact.at < start, programme.told(session, start) < start)
        for kind, by in ((WELCOMED, "rule"), ("voucher.given", "by")):  # before, there was no fact
            told = select(Fact.member_id, Fact.details).where(Fact.kind == kind, *heard)
            self._welcomed |= {(str(who), said[by]) for who, said in session.execute(told)}
        before = (*heard, Fact.member_id.is_not(None))
        proven = select(Fact.member_id).where(Fact.kind == "member.verified", *before)
        self._proven = {str(who) for who in session.scalars(proven)}
        # Those of the period too: each came second from before her first fact that counts.
        second = select(Fact.member_id).where(Fact.kind == SAME_MAILBOX)
        self._second = {str(who) for who in session.scalars(second)}
        orders = select(Fact.member_id, func.count()).where(Fact.kind == "order.paid", *before)
        for who, count in session.execute(orders.group_by(Fact.member_id)):
            self._bought[str(who)] = count

    @property
    def is_asked(self) -> bool:
        """Whether there is anything to give."""
        known = self._cards.programmes.values()
        return self._cards.has_any or any(rules.cards or rules.welcome for rules in known)

    @property
    def programmes(self) -> Mapping[int, Programme]:
        """The rules under which cards are paid."""
        return self._cards.programmes

    def hear(self, fact: Happened, heard_at: datetime) -> Iterator[Happened]:
        """The cards that are full, and the welcomes that are due, by what was heard before this;
        then this fact is heard.

        What one instant tells of one kind is worked off together before what follows from it, as
        live facts are.
        """
        yield from self._turn_to(heard_at, fact.kind)
        for stamped in self._count(fact, REPLAYED, heard_at):
            if stamped.fills:
                self._fill(stamped, fact)
        if fact.kind in KINDS:
            self._welcome(fact)

    def hear_outside(
        self, fact: Happened, heard_at: datetime, version: int | None
    ) -> Iterator[Happened]:
        """The same for what happened at another time, under `version`; what it really filled, and
        whom it made welcome, comes among what follows."""
        if fact.kind in WRITTEN and self._moment is not None and self._moment[0] == heard_at:
            self._waiting = [each for each in self._waiting if each.subject != fact.subject]
        else:
            yield from self._turn_to(heard_at, fact.kind)
        for stamped in self._count(fact, version, heard_at):
            if stamped.fills:
                self._filled[stamped.card.terms.key, stamped.order] = basis_of(stamped.card.id)
        if fact.kind in WRITTEN:
            self._waiting.append(fact)
        if fact.kind == WELCOMED:
            self._welcomed.add((str(fact.member_id), fact.details["rule"]))

    def _turn_to(self, heard_at: datetime, kind: str) -> Iterator[Happened]:
        if self._moment != (heard_at, kind):
            yield from self.rest()
            self._moment = (heard_at, kind)

    def _count(self, fact: Happened, version: int | None, heard_at: datetime) -> list[Stamped]:
        """Count an order, or that an address is confirmed; what it stamps."""
        if fact.member_id is None:
            return []
        if fact.kind == "member.verified":
            self._proven.add(fact.member_id)
        if fact.kind != "order.paid":
            return []
        self._bought[fact.member_id] += 1
        if version is None:  # nothing was promised yet
            return []
        return self._cards.pay(fact, version, lambda: new_id(heard_at))

    def rest(self) -> Iterator[Happened]:
        """The cards that are full, and the welcomes that are due, by the last facts: by kind and
        version, as they are given live."""
        waiting, self._waiting = self._waiting, []
        if len(waiting) > 1:
            waiting.sort(key=self._turn)
        yield from waiting

    def _turn(self, fact: Happened) -> tuple[bool, int, datetime]:
        return fact.kind == WELCOMED, fact.details["programme"] or self._place, fact.at

    def basis(self, fact: Happened) -> str | None:
        """What the reward of a card rests on that an order of another time filled."""
        return self._filled.get((fact.details["card"], fact.details["order"]))

    def refund(self, fact: Happened) -> list[str]:
        """What rests on full cards that lose a stamp by this refund."""
        return [basis_of(lost.card.id) for lost in self._cards.refund(fact) if lost.was_full]

    def _fill(self, stamped: Stamped, fact: Happened) -> None:
        full = filling(stamped, fact)
        real, is_again = self._really.get((stamped.card.terms.key, stamped.order), ("", False))
        if real:
            full = full._replace(id=real)
        if is_again:
            full = full._replace(details={**full.details, "again": True})
        self._waiting.append(full)

    def _welcome(self, fact: Happened) -> None:
        for who, voucher in welcomed(
            self.rules,
            fact,
            self._proven.__contains__,
            self._second.__contains__,
            lambda who: self._bought[who],
        ):
            if self._is_new(who, voucher):
                details = {"rule": voucher.rule, "programme": REPLAYED}
                subject = f"{voucher.rule}:{who}"
                due = Happened(subject, WELCOMED, subject, who, fact.at, details)
                self._waiting.append(due)

    def _is_new(self, who: str, voucher: WelcomeVoucher) -> bool:
        key = (who, voucher.rule)
        if key in self._welcomed:
            return False
        self._welcomed.add(key)
        return True

    def give(self, rule: str, item: Item) -> None:
        """Count a voucher that a rule gives away."""
        self.given.setdefault(rule, Given()).add(item.value * item.uses, item.currency)


def really_given(session: Session, start: datetime, end: datetime) -> dict[str, Given]:
    """The vouchers that were really given away for what happened in the period."""
    found: dict[str, Given] = {}
    for said in _said(session, "voucher.given", start, end):
        found.setdefault(said["by"], Given()).add(said["value"], said["currency"])
    return found


def _said(
    session: Session, kind: str, start: datetime, end: datetime
) -> Iterator[Mapping[str, Any]]:
    query = select(Fact.details).where(Fact.kind == kind, Fact.at >= start, Fact.at < end)
    yield from session.scalars(query)


def _really_filled(
    session: Session, start: datetime, end: datetime
) -> dict[tuple[str, str], tuple[str, bool]]:
    """The facts that tell of full cards, by the kind of card and the order that filled it, and
    whether they really gave nothing, since the card had been full and its voucher was used."""
    told = select(Fact.id, Fact.details).where(
        Fact.kind == CARD_FILLED, Fact.at >= start, Fact.at < end
    )
    return {
        (said["card"], said["order"]): (fact_id, bool(said.get("again")))
        for fact_id, said in session.execute(told)
    }


def _cards_before(session: Session, start: datetime) -> tuple[list[Held], dict[int, Programme]]:
    """Members' cards with the stamps they had when the period began."""
    stood = Stamp.taken_back_at.is_(None) | (Stamp.taken_back_at >= start)
    found: dict[str, dict[str, datetime]] = {}
    query = select(Stamp.card_id, Stamp.subject, Stamp.at).where(Stamp.given_at < start, stood)
    for card_id, subject, at in session.execute(query):
        found.setdefault(card_id, {})[subject] = at
    rows = session.scalars(select(MemberCard).order_by(MemberCard.number, MemberCard.id)).all()
    cards = [row for row in rows if row.id in found]
    programmes = stamps.versions(session, {row.version for row in cards})
    return [stamps.held(row, programmes, found[row.id]) for row in cards], programmes
