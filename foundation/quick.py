"""The short way to the database for the few questions every page asks.

One plain driver connection per thread, outside any transaction: an answer is the last committed
state. SQLAlchemy's machinery would cost ten times what these questions cost.
"""

from __future__ import annotations

import sqlite3
import threading
from typing import Any

import psycopg

from foundation import doors

_own = threading.local()


def ask(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """Rows of a SELECT written with `?` placeholders."""
    database = doors.database()
    if getattr(_own, "url", None) is not database:
        _reopen(database)
    if database.dialect == "sqlite":
        rows: list[tuple[Any, ...]] = _own.connection.execute(sql, params).fetchall()
        return rows
    try:
        return list(_own.connection.execute(sql.replace("?", "%s"), params).fetchall())
    except psycopg.OperationalError:  # the server went away: once more on a fresh connection
        _reopen(database)
        return list(_own.connection.execute(sql.replace("?", "%s"), params).fetchall())


def close() -> None:
    """Give this thread's connection back."""
    if getattr(_own, "connection", None) is not None:
        _own.connection.close()
        _own.connection = _own.url = None


def _reopen(database: doors.Database) -> None:
    close()
    if database.dialect == "sqlite":
        path = database.url.removeprefix("sqlite:///")
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA query_only=ON")
        connection.execute(f"PRAGMA busy_timeout={doors.BUSY_TIMEOUT}")
        _own.connection = connection
    else:
        plain = database.url.replace("postgresql+psycopg://", "postgresql://")
        _own.connection = psycopg.connect(plain, autocommit=True, prepare_threshold=1)
    _own.url = database
