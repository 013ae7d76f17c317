"""An application role for PostgreSQL: what the site needs, and no right to rewrite the past.

Append-only tables refuse UPDATE and DELETE by trigger, whoever asks. The owner of the tables can
drop a trigger; the role of this file is no owner and has no UPDATE or DELETE there to begin with.
Tables that triggers keep (the ledger's entries, balances and lots) it may read; the triggers write
them with their owner's rights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from psycopg import sql
from sqlalchemy import Connection

#: What each table of a schema may be asked by the role, unless said otherwise.
USUAL = ("select", "insert", "update", "delete")
APPEND_ONLY = ("select", "insert")
#: Migrations are the owner's.
VERSIONS = {"alembic_version": ("select",)}

APPEND_ONLY_TABLES = """
select c.relname from pg_trigger t join pg_class c on c.oid = t.tgrelid
 where t.tgname = c.relname || '_append_only' and c.relnamespace = current_schema()::regnamespace"""
TABLES = "select tablename from pg_tables where schemaname = current_schema()"


def grant(connection: Connection, name: str, kept: Mapping[str, Sequence[str]]) -> list[str]:
    """Let role `name` use this database, creating it when it is new; the append-only tables.

    `kept` says of further tables what may be asked of them. Run as the owner of the tables, after
    every migration: new tables are not the role's by themselves.
    """
    ask = connection.exec_driver_sql
    role = sql.Identifier(name)
    if ask("select 1 from pg_roles where rolname = %s", (name,)).first() is None:
        _run(connection, "create role {} login", role)
    schema = sql.Identifier(ask("select current_schema()").scalar_one())
    append_only = sorted(ask(APPEND_ONLY_TABLES).scalars())
    said = {**dict.fromkeys(append_only, APPEND_ONLY), **VERSIONS, **kept}
    _run(connection, "revoke create on schema {} from {}", schema, role)
    _run(connection, "grant usage on schema {} to {}", schema, role)
    for table in ask(TABLES).scalars():
        _run(connection, "revoke all on table {} from {}", sql.Identifier(table), role)
        privileges = sql.SQL(", ").join(sql.SQL(each) for each in said.get(table, USUAL))
        _run(connection, "grant {} on table {} to {}", privileges, sql.Identifier(table), role)
    _run(connection, "grant usage, select on all sequences in schema {} to {}", schema, role)
    return append_only


def _run(connection: Connection, statement: str, *parts: sql.Composable) -> None:
    """Data definition takes no parameters: names are quoted instead."""
    composed = sql.SQL(statement).format(*parts)
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute(composed)
