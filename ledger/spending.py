"""What a member spends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ledger import transfers
from ledger.accounts import standings
from ledger.posting import Draft, Transfer


def spend(
    session: Session,
    *,
    owner: str,
    commodity: str,
    amount: int,
    key: str,
    now: datetime,
    about: str | None = None,
    memo: Mapping[str, Any] | None = None,
) -> Transfer:
    """Take `amount` of what the owner has available; Refused (`insufficient`) beyond that.

    A cancelled order gives it back with `transfers.reverse`.
    """
    standing = standings(session, owner, commodity, ["available", "redeemed"], now)
    source, target = standing["available"].id, standing["redeemed"].id
    return transfers.make(session, Draft(source, target, amount, key, "spend", about, memo), now)
