"""The floors of the page benchmarks: Flask answering ten bytes, and Flask keeping one row."""

from __future__ import annotations

import os
import sqlite3
import threading
from typing import Any

import psycopg
from flask import Flask

TABLE = "create table if not exists bare_row (id {key} primary key, at {moment} not null)"


def create_app() -> Flask:
    """`/` says hello; `/row` inserts one row through the bare driver, committed, and says so.

    The row goes into the database of BENCH_ROWS: a PostgreSQL address or a file for SQLite, with
    the pragmas that Bellmouth's own connections have.
    """
    app = Flask(__name__)
    own = threading.local()

    @app.get("/")
    def hello() -> str:
        return "hello"

    @app.get("/row")
    def row() -> str:
        if not hasattr(own, "connection"):
            own.connection = _open(os.environ["BENCH_ROWS"])
        own.connection.execute("insert into bare_row (at) values (current_timestamp)")
        return "kept"

    return app


def make_table(where: str) -> None:
    """The table of `/row`, before several processes want it."""
    connection = _open(where)
    is_postgresql = where.startswith("postgresql")
    key = "bigint generated always as identity" if is_postgresql else "integer"
    moment = "timestamptz" if is_postgresql else "text"
    connection.execute(TABLE.format(key=key, moment=moment))
    connection.close()


def _open(where: str) -> Any:
    if where.startswith("postgresql"):
        return psycopg.connect(where, autocommit=True, prepare_threshold=1)
    lite = sqlite3.connect(where, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=15000"):
        lite.execute(f"PRAGMA {pragma}")
    return lite
