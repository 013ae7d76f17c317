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

    def give(
        self,
        amount: int,
        owner: str = "ada",
        key: str = "gift",
        expires_at: datetime | None = None,
    ) -> str:
        """Credit points; the id of the (first) transfer."""
        with writing() as session:
            made = earning.credit(
                session,
                owner=owner,
                commodity="points",
                amount=amount,
                key=key,
                now=self.now,
                expires_at=expires_at,
            )
        return made[0].id

    def balances(self, owner: str = "ada") -> Balances:
        with reading() as session:
            return statements.balances(session, owner, "points")

    def on(self, account_id: int) -> int:
        with reading() as session:
            return statements.balance(session, account_id)


@pytest.fixture
def book(database: Any, now: datetime) -> Book:
    return Book(now)
