"""The small number beside the bell."""

from __future__ import annotations

#: The header says 99+ above this; there is no need to count on.
ENOUGH = 100

#: How many notifications member `m.id` has not read, counted up to `ENOUGH`: a part of the one
#: question that every page of hers asks.
UNREAD = (
    "select count(*) from (select 1 from notification"  # noqa: S608 - a constant
    f" where member_id = m.id and read_at is null limit {ENOUGH}) as counted"
)
