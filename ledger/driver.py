"""Statements on the driver's own cursor, for what nobody needs objects for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
from sqlalchemy.orm import Session

from foundation.writing import driver_of, told
from ledger import refusals


def run(session: Session, statement: str, values: Mapping[str, Any]) -> Any:
    """Execute on the driver's own cursor; the laws' words become sentences."""
    with refusing(statement):
        return driver_of(session).execute(statement, values)


def stream(session: Session, query: str) -> Iterator[Any]:
    """The rows of a long answer as they come, plain tuples: millions of them are read here."""
    if dialect_of(session) == "sqlite":
        yield from driver_of(session).execute(query)
        return
    # All rows will be read: without this the server plans for the first ones.
    driver_of(session).execute("set local cursor_tuple_fraction = 1")
    with driver_of(session).cursor(name="ledger_stream") as cursor:
        cursor.itersize = 10_000
        yield from cursor.execute(query)


@contextmanager
def refusing(statement: str) -> Iterator[None]:
    """Turn the laws' words into sentences, and other errors into those of the rest of the house."""
    try:
        yield
    except (sqlite3.Error, psycopg.Error) as error:
        raise told_of(statement, error) from error


def told_of(statement: str, error: sqlite3.Error | psycopg.Error) -> BaseException:
    """The law's sentence, or the error as the rest of the house knows it."""
    return refusals.of(error) or told(error, statement)


def dialect_of(session: Session) -> str:
    """`sqlite` or `postgresql`."""
    return session.get_bind().dialect.name


def moment_for(session: Session, at: datetime) -> datetime | str:
    """A moment as the driver of this session wants it."""
    return text_of(aware(at)) if dialect_of(session) == "sqlite" else aware(at)


def text_of(at: datetime) -> str:
    """A moment as the rest of the house writes it on SQLite."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def aware(now: datetime) -> datetime:
    """`now` when it says where its clock stands; ValueError otherwise."""
    if now.tzinfo is None:
        raise ValueError("moments are aware: pass a datetime in UTC")
    return now
