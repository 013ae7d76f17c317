"""The two doors to the database: `reading()` looks, `writing()` changes and commits once.

SQLite: readers run with `PRAGMA query_only`, writers open with `BEGIN IMMEDIATE`. PostgreSQL:
readers run in READ ONLY transactions at REPEATABLE READ. So a reader sees one moment on both, and
the numbers of one page agree whatever is written beside it. What `writing()` gives is in
writing.py. Never touch the network inside `writing()`: on SQLite it holds the only write lock.
"""

from __future__ import annotations

import select
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.orm import Session

from foundation.write_lock import BUSY_TIMEOUT, insist
from foundation.writing import BEGIN, Writing

# synchronous=NORMAL survives the death of the process, and may lose the last commits when the
# power goes; FULL costs an fsync per commit (2,150 against 5,100 transfers per second measured).
SQLITE_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "foreign_keys=ON",
    "recursive_triggers=ON",
    f"busy_timeout={BUSY_TIMEOUT}",
    "cache_size=-65536",
    "wal_autocheckpoint=8000",
    "temp_store=MEMORY",
)

#: The seconds after which an idle connection over a network is tried, and given up.
KEEP_ALIVE = {"keepalives_idle": 60, "keepalives_interval": 10, "keepalives_count": 3}

#: What is raised when the database cannot be asked: gone, starting, out of connections, locked.
AWAY: tuple[type[Exception], ...] = (
    exc.OperationalError,
    exc.InterfaceError,
    exc.TimeoutError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    sqlite3.OperationalError,
)


@dataclass(frozen=True)
class Database:
    """One database and the two ways into it."""

    url: str
    reader: Engine
    writer: Engine

    @property
    def dialect(self) -> str:
        return self.writer.dialect.name

    def close(self) -> None:
        self.reader.dispose()
        self.writer.dispose()


_open: Database | None = None
#: Databases that were open in this process, by URL: their engines keep the statements they know.
_known: dict[str, Database] = {}


def connect(url: str) -> Database:
    """Open the database that `reading()` and `writing()` of this process lead to."""
    global _open
    if _open is not None:
        _open.close()
    if url not in _known:
        _known[url] = _sqlite(url) if url.startswith("sqlite") else _postgresql(url)
    _open = _known[url]
    return _open


def database() -> Database:
    """The open database; RuntimeError before `connect`."""
    if _open is None:
        raise RuntimeError("connect() to a database first")
    return _open


def dialect() -> str:
    """`sqlite` or `postgresql`."""
    return database().dialect


@contextmanager
def reading() -> Iterator[Session]:
    """A session that cannot change anything, and sees everything as it is when it first asks."""
    with Session(database().reader, autoflush=False, expire_on_commit=False) as session:
        yield session


def writing() -> Writing:
    """A session whose changes are all kept when the block ends, or none when it raises."""
    return Writing(database().writer)


def _sqlite(url: str) -> Database:
    def engine(begin: str, *, query_only: bool) -> Engine:
        made = create_engine(url, connect_args={"check_same_thread": False})

        @event.listens_for(made, "connect")
        def prepare(connection: sqlite3.Connection, record: Any) -> None:
            connection.isolation_level = None  # we say BEGIN ourselves, see below
            for pragma in SQLITE_PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
            if query_only:
                connection.execute("PRAGMA query_only=ON")
            else:
                connection.execute("PRAGMA busy_timeout=0")  # `insist` waits

        @event.listens_for(made, "begin")
        def begin_transaction(connection: Connection) -> None:
            driver = cast(sqlite3.Connection, connection.connection.dbapi_connection)
            if driver.in_transaction:  # begun by the driver, see Writing
                return
            try:
                insist(lambda: driver.execute(begin))
            except sqlite3.OperationalError as error:  # another writer took too long
                raise exc.OperationalError(begin, None, error) from error

        return made

    return Database(
        url,
        reader=engine("BEGIN", query_only=True),
        writer=engine(BEGIN, query_only=False),
    )


def _postgresql(url: str) -> Database:
    writer = create_engine(
        url,
        pool_size=5,
        max_overflow=15,
        isolation_level="READ COMMITTED",
        pool_reset_on_return=None,  # see `leave_nothing`
        connect_args={"options": "-c timezone=UTC -c lock_timeout=15000", **KEEP_ALIVE},
    )

    @event.listens_for(writer, "reset")
    def leave_nothing(connection: psycopg.Connection, record: Any, state: Any) -> None:
        if connection.pgconn.transaction_status != TransactionStatus.IDLE:
            connection.rollback()

    @event.listens_for(writer, "checkout")
    def listen(connection: psycopg.Connection, record: Any, proxy: Any) -> None:
        if _is_gone(connection):
            raise exc.InvalidatePoolError

    reader = writer.execution_options(postgresql_readonly=True, isolation_level="REPEATABLE READ")
    return Database(url, reader, writer)


def _is_gone(connection: psycopg.Connection) -> bool:
    """Whether the server closed an idle connection: nothing else makes it speak unasked.

    Asking it would cost a round trip for every transaction.
    """
    if connection.closed:
        return True
    said = select.poll()
    said.register(connection.fileno(), select.POLLIN)
    return bool(said.poll(0))
