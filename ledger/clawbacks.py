"""Taking back what was available already, and sometimes spent already."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ledger import refusals, transfers
from ledger.accounts import standings
from ledger.drafts import Draft, Transfer


def claw_back(
    session: Session,
    *,
    owner: str,
    commodity: str,
    amount: int,
    key: str,
    now: datetime,
    about: str | None = None,
    memo: Mapping[str, Any] | None = None,
    of: str | None = None,
) -> list[Transfer]:
    """Take `amount` back: what is available as far as it goes, the rest is booked as owed.

    Available never falls below zero; later credits pay what is owed first. Two linked transfers
    when both accounts are touched, one otherwise. `of` is the credit or hold that is taken back: of
    what is available, units with its expiry go first, then those that expire soonest.
    """
    refusals.check_amount(amount)
    refusals.check_key(key)
    kinds = ["available", "owed", "clawed_back"]
    standing = standings(session, owner, commodity, kinds, now)
    available, owed, target = (standing[kind].id for kind in kinds)
    there = min(amount, standing["available"].posted)
    whole = Draft(available, target, amount, key, "claw_back", about, memo, takes=of)
    parts = [(available, target, there), (owed, target, amount - there)]
    return transfers.make_parts(session, whole, parts, {available, owed, target}, now)
