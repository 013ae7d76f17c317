"""A PostgreSQL database that every test finds empty, without making it anew each time.

Creating one from a template and dropping it took half of the whole suite. So it is emptied: every
row goes, what the migrations put there comes back, and sequences start again. A test that changed
anything but rows (a trigger taken away, a migration undone) gets the next one a fresh copy.
"""

from __future__ import annotations

from typing import LiteralString, cast

import psycopg
from psycopg import sql

from tests import databases

#: Whatever a test could change besides rows, as one number.
SHAPE = """
select md5(string_agg(thing, ';' order by thing)) from (
    select concat_ws(' ', 'table', c.oid, c.relname, c.relkind, c.relacl) as thing
      from pg_class c where c.relnamespace = 'public'::regnamespace
    union all
    select concat_ws(' ', 'column', a.attrelid, a.attname, a.atttypid, a.attnotnull)
      from pg_attribute a join pg_class c on c.oid = a.attrelid
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0
    union all
    select concat_ws(' ', 'trigger', oid, tgenabled) from pg_trigger
    union all
    select concat_ws(' ', 'function', oid, md5(prosrc)) from pg_proc
     where pronamespace = 'public'::regnamespace
    union all
    select concat_ws(' ', 'law', oid, convalidated) from pg_constraint
) as things"""
TABLES = "select tablename from pg_tables where schemaname = 'public' order by 1"
SEQUENCES = "select sequencename, coalesce(last_value, 1), last_value is not null from pg_sequences"
OTHERS = (
    "select pg_terminate_backend(pid) from pg_stat_activity"
    " where datname = current_database() and pid <> pg_backend_pid()"
)


class Emptied:
    """The database `name`, a copy of `template` that is emptied between tests."""

    def __init__(self, server_url: str, name: str, template: str | None) -> None:
        self._server, self._name, self._template = server_url, name, template
        self._make()

    def url(self) -> str:
        """Where it is, empty."""
        try:
            self._empty()
        except psycopg.errors.InsufficientPrivilege:  # not our server: no triggers asleep there
            self._make()
        return databases.named(self._server, self._name)

    def close(self) -> None:
        self._connection.close()
        databases.drop_database(self._server, self._name)

    def _make(self) -> None:
        url = databases.create_database(self._server, self._name, self._template)
        self._connection = psycopg.connect(url, autocommit=True)
        self._shape = self._one(SHAPE)
        self._tables = [name for (name,) in self._connection.execute(TABLES)]
        self._sequences = self._connection.execute(SEQUENCES).fetchall()
        self._kept = {table: rows for table in self._tables if (rows := self._rows(table))}

    def _empty(self) -> None:
        self._connection.execute(OTHERS)
        if self._one(SHAPE) != self._shape:
            self._connection.close()
            self._make()
            return
        with self._connection.transaction():
            self._connection.execute("set local session_replication_role = replica")
            for table in self._filled():
                self._connection.execute(sql.SQL("delete from {}").format(sql.Identifier(table)))
                if table in self._kept:
                    with self._connection.cursor().copy(self._copy(table, "from stdin")) as into:
                        into.write(self._kept[table])
            for name, value, is_called in self._sequences:
                quoted = f'"{name}"'
                self._connection.execute("select setval(%s, %s, %s)", (quoted, value, is_called))

    def _filled(self) -> list[str]:
        """Tables with rows, and those that should have some."""
        checks = " union all ".join(
            f"select '{table}' where exists (select 1 from \"{table}\")" for table in self._tables
        )
        found = self._connection.execute(cast(LiteralString, checks)).fetchall()
        return sorted({name for (name,) in found} | set(self._kept))

    def _rows(self, table: str) -> bytes:
        with self._connection.cursor().copy(self._copy(table, "to stdout")) as out:
            return b"".join(bytes(part) for part in out)

    def _copy(self, table: str, way: LiteralString) -> sql.Composed:
        return sql.SQL("copy {} " + way).format(sql.Identifier(table))

    def _one(self, question: LiteralString) -> object:
        row = self._connection.execute(question).fetchone()
        return row[0] if row else None
