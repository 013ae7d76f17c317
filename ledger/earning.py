"""What a member is given outright; what waits for the return period is in holds.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ledger import refusals, transfers
from ledger.accounts import Standing, standings
from ledger.drafts import Draft, Transfer


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
    expires_at: datetime | None = None,
) -> list[Transfer]:
    """Issue `amount` to the owner: first what is owed is paid off, the rest becomes available.

    What becomes available expires at `expires_at`, unless it is spent before (None: never).
    One transfer, or two linked ones when a debt is paid in passing.
    """
    refusals.check_amount(amount)
    refusals.check_key(key)
    standing = standings(session, owner, commodity, ["available"], now)
    issued, available = standing["issued"].id, standing["available"].id
    whole = Draft(issued, available, amount, key, "credit", about, memo)
    whole = replace(whole, expires_at=expires_at)
    parts = pay_off(standing, issued, amount)
    return transfers.make_parts(session, whole, parts, ids(standing), now)


def pay_off(
    standing: Mapping[str, Standing], source: int, amount: int
) -> list[tuple[int, int, int]]:
    """The parts of a credit of `amount` from `source`: to the debt first, the rest available."""
    owed, available = standing.get("owed"), standing["available"]
    debt = min(amount, -owed.posted) if owed else 0
    parts = [(source, available.id, amount - debt)]
    return [(source, owed.id, debt), *parts] if owed else parts


def ids(standing: Mapping[str, Standing]) -> set[int]:
    """The accounts a request of this owner may touch."""
    return {each.id for each in standing.values()}
