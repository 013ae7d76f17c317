"""The ledger against a plain dictionary: random lives of three members, checked after each step.

HYPOTHESIS_PROFILE=nightly runs it long: 10,000 lives.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.orm import Session

from foundation.doors import reading, writing
from foundation.refusal import Refused
from ledger import clawbacks, earning, expiring, holds, spending, statements, transfers
from ledger.audit import audit
from ledger.statements import Balances
from tests.ledger.conftest import Book

EXAMPLES, STEPS = (10_000, 40) if os.environ.get("HYPOTHESIS_PROFILE") == "nightly" else (20, 30)

NAMES = ("ada", "ben", "fay")
KINDS = ("pending", "owed", "redeemed", "clawed_back", "expired")
names = st.sampled_from(NAMES)
amounts = st.integers(1, 60)
#: Days until points expire; few different ones, so that lots meet. None: never.
periods = st.sampled_from((None, None, 1, 2, 5, 9))
#: What stands in a lot by its date; None: what never expires.
Lots = dict[datetime | None, int]
#: Each life has members of its own, so that all lives share one database.
lives = count()


FOR_EVER = datetime.max.replace(tzinfo=UTC)


def cut(lots: Lots, order: Sequence[datetime | None], amount: int) -> Lots:
    """`amount` out of `lots` in that order."""
    parts: Lots = {}
    for date in order:
        if part := min(amount, lots[date]):
            parts[date] = part
            amount -= part
    return parts


class Life(RuleBasedStateMachine):
    """What three members go through, in the ledger and in a dictionary."""

    now: datetime

    def __init__(self) -> None:
        super().__init__()
        self.life = next(lives)
        self.keys = count()
        self.clock = self.now
        self.books = {name: dict.fromkeys(KINDS, 0) for name in NAMES}
        self.lots: dict[str, Lots] = {name: {} for name in NAMES}
        self.holds: list[dict[str, Any]] = []
        self.grants: list[dict[str, Any]] = []
        self.takings: list[dict[str, Any]] = []
        self.done: list[tuple[Callable[..., Any], dict[str, Any], Any]] = []

    # The ledger's side of every step

    def do(self, act: Callable[..., Any], **said: Any) -> Any:
        said = {"key": f"{self.life}:{next(self.keys)}", "now": self.clock} | said
        with writing() as session:
            made = act(session, **said)
        self.done.append((act, said, made))
        return made

    def refused(self, code: str, act: Callable[..., Any], **said: Any) -> None:
        with pytest.raises(Refused) as refused:
            self.do(act, **said)
        assert refused.value.code == code

    def owner(self, name: str) -> dict[str, Any]:
        return {"owner": f"{name}:{self.life}", "commodity": "points"}

    # Steps

    @rule(name=names, amount=amounts, period=periods)
    def credit(self, name: str, amount: int, period: int | None) -> None:
        date = self.date(period)
        made = self.do(earning.credit, amount=amount, expires_at=date, **self.owner(name))
        self.receive(name, amount, date)
        self.grants.append({"id": made[0].id, "name": name, "date": date})

    @rule(name=names, amount=amounts, days=st.integers(0, 30), period=periods)
    def hold(self, name: str, amount: int, days: int, period: int | None) -> None:
        until, date = self.clock + timedelta(days=days), self.date(period)
        made = self.do(holds.hold, amount=amount, until=until, expires_at=date, **self.owner(name))
        self.books[name]["pending"] += amount
        held = {"id": made.id, "name": name, "left": amount, "until": until, "date": date}
        self.holds.append(held)
        self.grants.append(held)

    @precondition(lambda self: self.holds)
    @rule(data=st.data(), amount=st.none() | amounts, posting=st.booleans())
    def resolve(self, data: Any, amount: int | None, posting: bool) -> None:
        held = data.draw(st.sampled_from(self.holds))
        act = holds.post if posting else holds.void
        said = {"hold_id": held["id"], "amount": amount}
        if amount is None and not held["left"]:
            return self.refused("hold_settled", act, **said)
        if (amount or 0) > held["left"]:
            return self.refused("hold_exceeded", act, **said)
        amount = amount or held["left"]
        self.do(act, **said)
        held["left"] -= amount
        self.books[held["name"]]["pending"] -= amount
        if posting:
            self.receive(held["name"], amount, held["date"])

    @rule(name=names, amount=amounts)
    def spend(self, name: str, amount: int) -> None:
        said = {"amount": amount, **self.owner(name)}
        if amount > self.available(name):
            return self.refused("insufficient", spending.spend, **said)
        made = self.do(spending.spend, **said)
        self.books[name]["redeemed"] += amount
        self.take(made.id, name, amount, "redeemed")

    @precondition(lambda self: self.takings)
    @rule(data=st.data(), amount=st.none() | amounts)
    def give_back(self, data: Any, amount: int | None) -> None:
        """A spending, or what a clawback took of available points: both come back alike."""
        taken = data.draw(st.sampled_from(self.takings))
        said = {"transfer_id": taken["id"], "amount": amount}
        left = sum(taken["lots"].values())
        if not left or (amount or 0) > left:
            return self.refused("reversal_exceeded", transfers.reverse, **said)
        amount = amount or left
        self.do(transfers.reverse, **said)
        self.books[taken["name"]][taken["kind"]] -= amount
        latest_first = sorted(taken["lots"], key=lambda date: date or FOR_EVER, reverse=True)
        for date, part in cut(taken["lots"], latest_first, amount).items():
            taken["lots"][date] -= part
            self.put(taken["name"], date, part)

    @rule(name=names, amount=amounts, data=st.data())
    def claw_back(self, name: str, amount: int, data: Any) -> None:
        """Of nothing in particular, or of a grant, whose own points then go first."""
        ours = [grant for grant in self.grants if grant["name"] == name]
        grant = data.draw(st.none() | st.sampled_from(ours)) if ours else None
        of = grant and grant["id"]
        made = self.do(clawbacks.claw_back, amount=amount, of=of, **self.owner(name))
        book = self.books[name]
        taken = min(amount, self.available(name))
        book["owed"] -= amount - taken
        book["clawed_back"] += amount
        if taken:
            own = [grant["date"]] if grant else []
            self.take(made[0].id, name, taken, "clawed_back", own)

    @rule(days=st.integers(0, 3))
    def expire(self, days: int) -> None:
        """Time passes, and the sweep runs."""
        self.clock += timedelta(days=days)
        expiring.expire(self.clock)
        for name, lots in self.lots.items():
            for date in [date for date in lots if date and date <= self.clock]:
                self.books[name]["expired"] += lots.pop(date)

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def retry(self, data: Any) -> None:
        act, said, made = data.draw(st.sampled_from(self.done))
        with writing() as session:
            assert act(session, **said) == made

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def reuse_a_key(self, data: Any) -> None:
        act, said, made = data.draw(st.sampled_from(self.done))
        made = made if isinstance(made, list) else [made]
        other = said | {"amount": sum(part.amount for part in made) + 1}
        with pytest.raises(Refused) as refused, writing() as session:
            act(session, **other)
        assert (refused.value.code, refused.value.field) == ("idempotency_conflict", "amount")

    # The dictionary's side

    def date(self, period: int | None) -> datetime | None:
        return None if period is None else self.clock + timedelta(days=period)

    def available(self, name: str) -> int:
        return sum(self.lots[name].values())

    def put(self, name: str, date: datetime | None, amount: int) -> None:
        self.lots[name][date] = self.lots[name].get(date, 0) + amount

    def receive(self, name: str, amount: int, date: datetime | None) -> None:
        book = self.books[name]
        paid = min(amount, -book["owed"])
        book["owed"] += paid
        self.put(name, date, amount - paid)

    def take(
        self, id: str, name: str, amount: int, kind: str, own: Sequence[datetime | None] = ()
    ) -> None:
        """Out of the lot of its own, then soonest date first, never last."""
        lots = self.lots[name]
        order = sorted(lots, key=lambda date: (date not in own, date or FOR_EVER))
        taken = cut(lots, order, amount)
        for date, part in taken.items():
            lots[date] -= part
        self.takings.append({"id": id, "name": name, "kind": kind, "lots": taken})

    # What must be true after every step

    @invariant()
    def the_book_says_what_the_dictionary_says(self) -> None:
        with reading() as session:
            self.the_balances_are_those_of_the_dictionary(session)
            self.the_dates_are_those_of_the_dictionary(session)
            self.the_statement_ends_with_the_balance(session)
            self.a_hold_says_what_is_left_of_it(session)

    def the_balances_are_those_of_the_dictionary(self, session: Session) -> None:
        for name, book in self.books.items():
            found = statements.balances(session, **self.owner(name))
            assert found == Balances(
                pending=book["pending"],
                available=self.available(name),
                spent=book["redeemed"],
                negative=-book["owed"],
                clawed_back=book["clawed_back"],
                expired=book["expired"],
            )

    def the_dates_are_those_of_the_dictionary(self, session: Session) -> None:
        for name, lots in self.lots.items():
            found = statements.expiring(session, **self.owner(name))
            dated = {date: amount for date, amount in lots.items() if date and amount}
            assert {each.expires_at: each.amount for each in found} == dated

    def the_statement_ends_with_the_balance(self, session: Session) -> None:
        for name in NAMES:
            lines = statements.statement(session, **self.owner(name), size=2).rows
            assert not lines or lines[0].balance == self.available(name)
            assert len(lines) < 2 or lines[0].balance - lines[0].amount == lines[1].balance

    def a_hold_says_what_is_left_of_it(self, session: Session) -> None:
        for held in self.holds[-3:]:
            assert holds.read(session, held["id"]).left == held["left"]


def test_the_ledger_does_what_a_dictionary_does(book: Book) -> None:
    """The whole book is audited at the end, by the fixture and here."""
    run_state_machine_as_test(
        type("LifeNow", (Life,), {"now": book.now}),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    with reading() as session:
        assert audit(session) == []
        assert sum(row.balance for row in statements.trial_balance(session)) == 0
