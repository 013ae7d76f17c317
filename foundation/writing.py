"""The session that `doors.writing()` opens: the driver's own connection first, the ORM on demand.

Most of what it costs to begin and end a transaction is bookkeeping of connections and sessions,
which what is written by the driver alone does not need: it takes a connection out of the pool,
begins, writes, commits. Once anything is asked of the session, the same connection goes on under
SQLAlchemy's own.
"""

from __future__ import annotations

import sqlite3
from types import TracebackType
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, PoolProxiedConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from foundation.write_lock import insist

#: Begins on SQLite, so that two writers queue instead of failing half-way (SQLITE_BUSY_SNAPSHOT).
#: On PostgreSQL the driver begins with the first statement.
BEGIN = "BEGIN IMMEDIATE"
DRIVERS = (sqlite3.Error, psycopg.Error)


class Writing(Session):
    """A session whose changes are all kept when its block ends, or none when it raises.

    Like every session it takes no connection before it needs one.
    """

    def __init__(self, engine: Engine) -> None:
        super().__init__(expire_on_commit=False, join_transaction_mode="control_fully")
        self.engine = engine
        self._lent: PoolProxiedConnection | None = None
        self._opened: Connection | None = None

    @property
    def driver(self) -> Any:
        """The driver's connection, its transaction begun."""
        if self._opened is not None:
            return self.get_bind().connection.dbapi_connection
        if self._lent is None:
            self._lent = self._lend()
        return self._lent.dbapi_connection

    def _lend(self) -> PoolProxiedConnection:
        """A connection out of the pool, its transaction begun."""
        lent = self.engine.raw_connection()
        connection = lent.dbapi_connection
        if isinstance(connection, sqlite3.Connection):
            try:
                insist(lambda: connection.execute(BEGIN))
            except sqlite3.Error as error:  # another writer took too long
                lent.close()
                raise told(error, BEGIN) from error
        return lent

    def get_bind(self, *asked: Any, **said: Any) -> Connection:
        """The one connection, its transaction begun."""
        if self._opened is None:
            # What was lent goes on under its new owner, transaction and all.
            lent = self._lent
            self._opened = Connection(self.engine, lent) if lent else self.engine.connect()
        if not self._opened.in_transaction():
            self._opened.begin()
        return self._opened

    def __enter__(self) -> Writing:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        is_kept = kind is None
        try:
            if is_kept:
                self.flush()  # what was only added is sent now, and opens the connection
        except BaseException:
            is_kept = False
            raise
        finally:
            self._finish(is_kept=is_kept)

    def _finish(self, *, is_kept: bool) -> None:
        if self._opened is not None:
            self._end(self._opened, is_kept=is_kept)
        elif self._lent is not None:
            self._end_lent(self._lent, is_kept=is_kept)
        elif self.in_transaction():  # of nothing: no statement was ever sent
            self.close()

    def _end(self, opened: Connection, *, is_kept: bool) -> None:
        has_been_used = self.in_transaction()
        try:
            if is_kept and has_been_used:
                self.commit()
            elif is_kept:
                opened.commit()
        finally:
            if has_been_used:
                self.close()
            opened.close()

    def _end_lent(self, lent: PoolProxiedConnection, *, is_kept: bool) -> None:
        connection = lent.dbapi_connection
        assert connection is not None
        try:
            if is_kept:
                connection.commit()
        except DRIVERS as error:
            raise told(error, "COMMIT") from error
        finally:
            if getattr(connection, "closed", False):  # the server is gone: nothing to roll back
                lent.invalidate()
            lent.close()  # rolls back what was not committed


def driver_of(session: Session) -> Any:
    """The driver's own connection in this session's transaction."""
    if isinstance(session, Writing):
        return session.driver
    return session.connection().connection.dbapi_connection


def told(error: sqlite3.Error | psycopg.Error, statement: str) -> BaseException:
    """A driver's error as SQLAlchemy would raise it."""
    kind = sqlite3.Error if isinstance(error, sqlite3.Error) else psycopg.Error
    return DBAPIError.instance(statement, None, error, kind)
