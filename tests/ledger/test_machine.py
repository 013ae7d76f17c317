"""The ledger against a plain dictionary: random lives of three members, checked after each step.

HYPOTHESIS_PROFILE=nightly runs it long.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
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

from foundation.doors import reading, writing
from foundation.refusal import Refused
from ledger import clawbacks, earning, holds, spending, statements, transfers
from ledger.audit import audit
from ledger.statements import Balances
from tests.ledger.conftest import Book

EXAMPLES, STEPS = (2_000, 60) if os.environ.get("HYPOTHESIS_PROFILE") == "nightly" else (20, 30)

NAMES = ("ada", "ben", "fay")
KINDS = ("pending", "available", "owed", "redeemed", "clawed_back")
names = st.sampled_from(NAMES)
amounts = st.integers(1, 60)
#: Each life has members of its own, so that all lives share one database.
lives = count()


class Life(RuleBasedStateMachine):
    """What three members go through, in the ledger and in a dictionary."""

    now: datetime

    def __init__(self) -> None:
        super().__init__()
        self.life = next(lives)
        self.keys = count()
        self.books = {name: dict.fromkeys(KINDS, 0) for name in NAMES}
        self.holds: list[dict[str, Any]] = []
        self.spendings: list[dict[str, Any]] = []
        self.done: list[tuple[Callable[..., Any], dict[str, Any], Any]] = []

    # The ledger's side of every step

    def do(self, act: Callable[..., Any], **said: Any) -> Any:
        said = {"key": f"{self.life}:{next(self.keys)}", "now": self.now} | said
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

    @rule(name=names, amount=amounts)
    def credit(self, name: str, amount: int) -> None:
        self.do(earning.credit, amount=amount, **self.owner(name))
        self.receive(name, amount)

    @rule(name=names, amount=amounts, days=st.integers(0, 30))
    def hold(self, name: str, amount: int, days: int) -> None:
        until = self.now + timedelta(days=days)
        made = self.do(holds.hold, amount=amount, until=until, **self.owner(name))
        self.books[name]["pending"] += amount
        self.holds.append({"id": made.id, "name": name, "left": amount, "until": until})

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
            self.receive(held["name"], amount)

    @rule(name=names, amount=amounts)
    def spend(self, name: str, amount: int) -> None:
        said = {"amount": amount, **self.owner(name)}
        if amount > self.books[name]["available"]:
            return self.refused("insufficient", spending.spend, **said)
        made = self.do(spending.spend, **said)
        self.books[name]["available"] -= amount
        self.books[name]["redeemed"] += amount
        self.spendings.append({"id": made.id, "name": name, "left": amount})

    @precondition(lambda self: self.spendings)
    @rule(data=st.data(), amount=st.none() | amounts)
    def give_back(self, data: Any, amount: int | None) -> None:
        spent = data.draw(st.sampled_from(self.spendings))
        said = {"transfer_id": spent["id"], "amount": amount}
        if not spent["left"] or (amount or 0) > spent["left"]:
            return self.refused("reversal_exceeded", transfers.reverse, **said)
        amount = amount or spent["left"]
        self.do(transfers.reverse, **said)
        spent["left"] -= amount
        self.books[spent["name"]]["redeemed"] -= amount
        self.books[spent["name"]]["available"] += amount

    @rule(name=names, amount=amounts)
    def claw_back(self, name: str, amount: int) -> None:
        self.do(clawbacks.claw_back, amount=amount, **self.owner(name))
        book = self.books[name]
        taken = min(amount, book["available"])
        book["available"] -= taken
        book["owed"] -= amount - taken
        book["clawed_back"] += amount

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

    def receive(self, name: str, amount: int) -> None:
        book = self.books[name]
        paid = min(amount, -book["owed"])
        book["owed"] += paid
        book["available"] += amount - paid

    # What must be true after every step

    @invariant()
    def the_balances_are_those_of_the_dictionary(self) -> None:
        with reading() as session:
            for name, book in self.books.items():
                found = statements.balances(session, **self.owner(name))
                assert found == Balances(
                    pending=book["pending"],
                    available=book["available"],
                    spent=book["redeemed"],
                    negative=-book["owed"],
                    clawed_back=book["clawed_back"],
                )

    @invariant()
    def the_statement_ends_with_the_balance(self) -> None:
        with reading() as session:
            for name, book in self.books.items():
                lines = statements.statement(session, **self.owner(name), size=2).rows
                assert not lines or lines[0].balance == book["available"]
                assert len(lines) < 2 or lines[0].balance - lines[0].amount == lines[1].balance

    @invariant()
    def a_hold_says_what_is_left_of_it(self) -> None:
        with reading() as session:
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
