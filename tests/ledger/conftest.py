"""A small book to test with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from foundation.doors import reading, writing
from ledger import earning, statements
from ledger.accounts import account
from ledger.statements import Balances


@dataclass(frozen=True)
class Book:
    """Ada's accounts of points, and the programme's."""

    now: datetime

    def id(self, kind: str, owner: str | None = "ada", commodity: str = "points") -> int:
        with writing() as session:
            return account(session, owner, kind, commodity, self.now)

    def give(self, amount: int, owner: str = "ada", key: str = "gift") -> None:
        with writing() as session:
            earning.credit(
                session, owner=owner, commodity="points", amount=amount, key=key, now=self.now
            )

    def balances(self, owner: str = "ada") -> Balances:
        with reading() as session:
            return statements.balances(session, owner, "points")

    def on(self, account_id: int) -> int:
        with reading() as session:
            return statements.balance(session, account_id)


@pytest.fixture
def book(database: Any, now: datetime) -> Book:
    return Book(now)
