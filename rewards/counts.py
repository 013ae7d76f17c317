"""The number of points in every page's header."""

from __future__ import annotations

from rewards.rules import POINTS as COMMODITY

#: Points that member `m.id` can spend now: a part of the one question every page of hers asks.
POINTS = (
    "select coalesce(sum(b.posted), 0) from ledger_balance b"  # noqa: S608 - a constant
    " join ledger_account a on a.id = b.account_id"
    f" where a.owner = m.id and a.kind = 'available' and a.commodity = '{COMMODITY}'"
)
