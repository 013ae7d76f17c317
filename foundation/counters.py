"""Counters that move by delta, with what they count; there are no sums to repair at night."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from foundation.tables import Base, table_of


def move(
    session: Session, model: type[Base], keys: Mapping[str, Any], column: str, delta: int
) -> int:
    """Add `delta` to `column` of the row with the primary key `keys`, made if need be; the new sum.

    Who moves several rows moves them in one order that everybody keeps, so that two writers wait
    for each other and never deadlock.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    table = table_of(model)
    return int(
        session.execute(
            insert(table)
            .values(**keys, **{column: delta})
            .on_conflict_do_update(
                index_elements=list(keys), set_={column: table.c[column] + delta}
            )
            .returning(table.c[column])
        ).scalar_one()
    )
