"""What a member is given outright; what waits for the return period is in holds.py."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ledger import refusals, transfers
from ledger.accounts import account, standings
from ledger.posting import Draft, Transfer


def credit(
    session: Session,
    *,
    owner: str,
    commodity: str,
    amount: int,
    key: str,
    now: datetime,
    about: str | None = None,
    memo: Mapping[str, Any] | None = None,
) -> list[Transfer]:
    """Issue `amount` to the owner: first what is owed is paid off, the rest becomes available.

    One transfer, or two linked ones when a debt is paid in passing.
    """
    refusals.check_amount(amount)
    refusals.check_key(key)
    issued = account(session, None, "issued", commodity, now)
    available = account(session, owner, "available", commodity, now)
    standing = standings(session, owner, commodity)
    accounts = {issued, *(each.id for each in standing.values())}
    whole = Draft(issued, available, amount, key, "credit", about, memo)
    parts = pay_off(standing, issued, available, amount)
    return transfers.make_parts(session, whole, parts, accounts, now)


def pay_off(
    standing: Mapping[str, Any], source: int, available: int, amount: int
) -> list[tuple[int, int, int]]:
    """The parts of a credit of `amount` from `source`: to the debt first, then to `available`."""
    owed = standing.get("owed")
    debt = min(amount, -owed.posted) if owed else 0
    parts = [(source, available, amount - debt)]
    return [(source, owed.id, debt), *parts] if owed else parts
