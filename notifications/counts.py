"""The small number beside the bell."""

from __future__ import annotations

from foundation.quick import ask

#: The header says 99+ above this; there is no need to count on.
ENOUGH = 100


def unread(member_id: str) -> int:
    """How many notifications a member has not read, counted up to `ENOUGH`."""
    rows = ask(
        "select count(*) from (select 1 from notification"
        " where member_id = ? and read_at is null limit ?) as counted",
        member_id,
        ENOUGH,
    )
    return int(rows[0][0])
