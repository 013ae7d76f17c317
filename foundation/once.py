"""Write a row whoever else is trying: never look first and insert afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session


def insert_once(session: Session, model: type[Any], values: Mapping[str, Any]) -> bool:
    """Insert `values` unless a unique key already holds them; True when this call wrote the row.

    A concurrent writer of the same key is waited for by the index itself.
    """
    table = model.__table__
    statement = _on_conflict_nothing(session, table).values(**values)
    return session.execute(statement.returning(*table.primary_key)).first() is not None


def insert_many_once(session: Session, model: type[Any], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert every row whose unique keys are still free, in one statement per batch."""
    if rows:
        session.execute(_on_conflict_nothing(session, model.__table__), list(rows))


def put(
    session: Session, model: type[Any], key: str, row: Mapping[str, Any], said: Mapping[str, Any]
) -> None:
    """Insert `row | said`, or say `said` in the row that holds the unique `key` already."""
    table = model.__table__
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(
        insert(table)
        .values(**row, **said)
        .on_conflict_do_update(index_elements=[key], set_=dict(said))
    )


def _on_conflict_nothing(session: Session, table: Table) -> Any:
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()
