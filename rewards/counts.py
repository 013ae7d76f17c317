"""The number of points in every page's header, asked the short way."""

from __future__ import annotations

from foundation.quick import ask
from rewards.rules import POINTS


def points(member_id: str) -> int:
    """Points the member can spend now."""
    rows = ask(
        "select b.posted from ledger_balance b join ledger_account a on a.id = b.account_id"
        " where a.owner = ? and a.kind = 'available' and a.commodity = ?",
        member_id,
        POINTS,
    )
    return int(rows[0][0]) if rows else 0
