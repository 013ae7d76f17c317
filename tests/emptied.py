"""A PostgreSQL database that every test finds empty, without making it anew each time.

Creating one from a template and dropping it took half of the whole suite. So it is emptied: every
row goes, what the migrations put there comes back, and sequences start again. A test that changed
anything but rows (a trigger taken away, a migration undone) gets the next one a fresh copy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import LiteralString, cast

import psycopg
from psycopg import sql

from tests import databases

#: Whatever a test could change besides rows, as one number.
SHAPE = """
select sum(hashtextextended(thing, 0)) from (
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


#: A sequence, its last number, and whether that was given out.
Numbered = tuple[str, int, bool]


@dataclass(frozen=True)
class Taken:
    """All rows of a database, by table, and the numbers its sequences had reached."""

    rows: Mapping[str, bytes]
    sequences: Sequence[Numbered]


class Emptied:
    """The database `name`, a copy of `template` that is emptied between tests."""

    def __init__(self, server_url: str, name: str, template: str | None) -> None:
        self._server, self._name, self._template = server_url, name, template
        self._make()

    def url(self) -> str:
        """Where it is, empty."""
        if self._triggers_sleep:
            self._empty()
        else:
            self._make()
        return databases.named(self._server, self._name)

    def taken(self) -> Taken:
        """What is in it now, to be put back later."""
        rows = {table: rows for table in self._tables if (rows := self._rows(table))}
        return Taken(rows, self._connection.execute(SEQUENCES).fetchall())

    def put_back(self, taken: Taken) -> None:
        """Let it hold what was taken from it, and nothing else."""
        with self._connection.transaction():
            for table in {*self._changed(), *taken.rows}:
                self._put(table, taken.rows.get(table))
            self._number(taken.sequences)

    def close(self) -> None:
        self._connection.close()
        databases.drop_database(self._server, self._name)

    def _make(self) -> None:
        url = databases.create_database(self._server, self._name, self._template)
        self._connection = psycopg.connect(url, autocommit=True)
        self._triggers_sleep = self._put_triggers_to_sleep()
        self._shape = self._one(SHAPE)
        self._tables = [name for (name,) in self._connection.execute(TABLES)]
        self._sequences = self._connection.execute(SEQUENCES).fetchall()
        self._kept = {table: rows for table in self._tables if (rows := self._rows(table))}
        self._kept_sums = self._sums()

    def _put_triggers_to_sleep(self) -> bool:
        """For all that this connection does: saying it anew for each test makes PostgreSQL plan
        every question anew. False on a server that is not ours."""
        try:
            self._connection.execute("set session_replication_role = replica")
        except psycopg.errors.InsufficientPrivilege:
            return False
        return True

    def _empty(self) -> None:
        self._connection.execute(OTHERS)
        if self._one(SHAPE) != self._shape:
            self._connection.close()
            self._make()
            return
        with self._connection.transaction():
            for table in self._changed():
                self._put(table, self._kept.get(table))
            self._number(self._sequences)

    def _put(self, table: str, rows: bytes | None) -> None:
        self._connection.execute(sql.SQL("delete from {}").format(sql.Identifier(table)))
        if rows:
            with self._connection.cursor().copy(self._copy(table, "from stdin")) as into:
                into.write(rows)

    def _number(self, sequences: Sequence[Numbered]) -> None:
        now = self._connection.execute(SEQUENCES).fetchall()
        for name, value, is_called in set(sequences) - set(now):
            quoted = f'"{name}"'
            self._connection.execute("select setval(%s, %s, %s)", (quoted, value, is_called))

    def _changed(self) -> list[str]:
        """Tables with rows, and those whose rows are not what they should be."""
        checks = " union all ".join(
            f"select '{table}' where exists (select 1 from \"{table}\")"
            for table in self._tables
            if table not in self._kept
        )
        found = self._connection.execute(cast(LiteralString, checks)).fetchall()
        sums = self._sums()
        return [name for (name,) in found] + [
            table for table in self._kept if sums[table] != self._kept_sums[table]
        ]

    def _sums(self) -> dict[str, object]:
        """A number for the rows of each table that has some from the beginning."""
        asked = " union all ".join(
            f"select '{table}', md5(string_agg(t::text, ' ' order by t::text)) from \"{table}\" t"
            for table in self._kept
        )
        return dict(self._connection.execute(cast(LiteralString, asked)).fetchall())

    def _rows(self, table: str) -> bytes:
        with self._connection.cursor().copy(self._copy(table, "to stdout")) as out:
            return b"".join(bytes(part) for part in out)

    def _copy(self, table: str, way: LiteralString) -> sql.Composed:
        return sql.SQL("copy {} " + way).format(sql.Identifier(table))

    def _one(self, question: LiteralString) -> object:
        row = self._connection.execute(question).fetchone()
        return row[0] if row else None
