"""The short way to the database for the few questions every page asks, and the one it is told.

Plain driver connections per thread, outside any transaction: an answer is the last committed
state, and what is told is committed when the call returns. SQLAlchemy's machinery would cost ten
times what these statements cost.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import psycopg
from psycopg import abc
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

from foundation import doors
from foundation.write_lock import BUSY_TIMEOUT, insist

#: psycopg's own choice between text and binary.
AUTO = PyFormat.AUTO

Row = tuple[Any, ...]

_own = threading.local()


@dataclass(frozen=True)
class Answer:
    """What a statement gave."""

    result: PGresult
    values: abc.Transformer

    def rows(self) -> list[Row]:
        self.values.set_pgresult(self.result)
        return self.values.load_rows(0, self.result.ntuples, tuple)


class Prepared:
    """A PostgreSQL connection that runs each statement prepared, through psycopg's libpq layer.

    A cursor of psycopg costs four times what this does, and a signed-in page is made of little
    else than two questions.
    """

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        # What is asked this often lies in memory. Believing in a disk, the planner read all of a
        # table of some hundred rows rather than find five by their keys.
        self._connection.execute("set random_page_cost = 1.1")
        self._values: abc.Transformer = Transformer(self._connection)
        self._names: dict[tuple[str, tuple[int, ...]], bytes] = {}

    def run(self, sql: str, params: Sequence[Any]) -> Answer:
        """Execute; whatever psycopg would raise is raised."""
        server, values = self._connection.pgconn, self._values
        sent = cast("Sequence[bytes]", values.dump_sequence(params, [AUTO] * len(params)))
        types, formats = values.types or (), values.formats or ()
        name = self._names.get((sql, types))
        if name is None:
            name = f"quick_{len(self._names)}".encode()
            self._check(server.prepare(name, _numbered(sql).encode(), types))
            self._names[sql, types] = name
        return Answer(self._check(server.exec_prepared(name, sent, formats)), values)

    def _check(self, result: PGresult) -> PGresult:
        if result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            return result
        raise psycopg.errors.error_from_result(result)

    def close(self) -> None:
        self._connection.close()


def _numbered(sql: str) -> str:
    """`?` placeholders as PostgreSQL counts them."""
    first, *others = sql.split("?")
    return first + "".join(f"${n}{part}" for n, part in enumerate(others, 1))


def ask(sql: str, *params: Any) -> list[Row]:
    """Rows of a SELECT written with `?` placeholders."""
    database = doors.database()
    if getattr(_own, "url", None) is not database:
        _reopen(database)
    if database.dialect == "sqlite":
        rows: list[Row] = _own.connection.execute(sql, params).fetchall()
        return rows
    server: Prepared = _own.connection
    try:
        return server.run(sql, params).rows()
    except psycopg.OperationalError:  # the server went away: once more on a fresh connection
        _reopen(database)
        server = _own.connection
        return server.run(sql, params).rows()


def tell(sql: str, *params: Any) -> list[Row]:
    """Run one INSERT or UPDATE written with `?` placeholders and commit it; what it returns.

    For what happens at every click and stands alone; whatever belongs to a larger change goes
    through `doors.writing`. One statement: on SQLite the write lock is taken and given back within
    one call of the driver, so no thread ever sleeps with it. Moments are passed as datetimes. A
    PostgreSQL that went away is asked once more, so a statement may run twice.
    """
    database = doors.database()
    if getattr(_own, "told", None) is not database:
        _reopen_writer(database)
    if database.dialect == "sqlite":
        values = [_as_sqlite_keeps_it(value) for value in params]
        rows: list[Row] = insist(lambda: _own.writer.execute(sql, values).fetchall())
        return rows
    server: Prepared = _own.writer
    try:
        return server.run(sql, params).rows()
    except psycopg.OperationalError:
        _reopen_writer(database)
        server = _own.writer
        return server.run(sql, params).rows()


def close() -> None:
    """Give this thread's connections back."""
    _close_reader()
    _close_writer()


def _close_reader() -> None:
    if getattr(_own, "connection", None) is not None:
        _own.connection.close()
        _own.connection = _own.url = None


def _close_writer() -> None:
    if getattr(_own, "writer", None) is not None:
        _own.writer.close()
        _own.writer = _own.told = None


def _as_sqlite_keeps_it(value: Any) -> Any:
    """Moments as `tables.UtcMoment` writes them: naive UTC text with six decimals."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return value


def _reopen_writer(database: doors.Database) -> None:
    _close_writer()
    if database.dialect == "sqlite":
        connection = sqlite3.connect(_path(database), isolation_level=None, check_same_thread=False)
        for pragma in doors.SQLITE_PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("PRAGMA busy_timeout=0")  # `insist` waits
        _own.writer = connection
    else:
        _own.writer = Prepared(_plain(database))
    _own.told = database


def _path(database: doors.Database) -> str:
    return database.url.removeprefix("sqlite:///")


def _plain(database: doors.Database) -> str:
    return database.url.replace("postgresql+psycopg://", "postgresql://")


def _reopen(database: doors.Database) -> None:
    _close_reader()  # should opening fail, the next question tries again
    if database.dialect == "sqlite":
        connection = sqlite3.connect(_path(database), isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA query_only=ON")
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT}")
        _own.connection = connection
    else:
        _own.connection = Prepared(_plain(database))
    _own.url = database
