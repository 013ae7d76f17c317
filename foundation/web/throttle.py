"""Throttles: how often one address or one member may try something.

The counts live where every process and node sees them: in Redis when there is one, else in the
database. `limits` does the counting rule (fixed windows).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

import structlog
from flask import request
from limits import parse
from limits.storage import RedisStorage, Storage
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from foundation.doors import dialect, reading, writing
from foundation.refusal import Refused
from foundation.tables import Base, Number, table_of

#: Seconds Redis may take; a web process that waits for it answers nobody else.
PATIENCE = 2.0

log = structlog.get_logger("throttle")

View = TypeVar("View", bound=Callable[..., Any])


class Tries(Base):
    """How often something was tried in the window that ends at `expires` (seconds, UTC)."""

    __tablename__ = "throttle_tries"

    key: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[Number]
    expires: Mapped[Number] = mapped_column(index=True)


class DatabaseStorage(Storage):
    """`limits` storage in our own database, for sites without Redis."""

    STORAGE_SCHEME = ["bellmouth-database"]  # noqa: RUF012 - the library's attribute

    @property
    def base_exceptions(self) -> type[Exception]:
        return OSError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        insert = postgresql.insert if dialect() == "postgresql" else sqlite.insert
        table = table_of(Tries)
        ends = int(time.time()) + expiry
        statement = insert(table).values(key=key, count=amount, expires=ends)
        with writing() as session:
            session.execute(
                delete(Tries).where(Tries.key == key, Tries.expires <= int(time.time()))
            )
            return int(
                session.execute(
                    statement.on_conflict_do_update(
                        index_elements=["key"], set_={"count": table.c.count + amount}
                    ).returning(table.c.count)
                ).scalar_one()
            )

    def get(self, key: str) -> int:
        with reading() as session:
            alive = (Tries.key == key, Tries.expires > int(time.time()))
            return session.scalar(select(Tries.count).where(*alive)) or 0

    def get_expiry(self, key: str) -> float:
        with reading() as session:
            return session.scalar(select(Tries.expires).where(Tries.key == key)) or time.time()

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        with writing() as session:
            return int(session.execute(delete(Tries)).rowcount)  # type: ignore[attr-defined]

    def clear(self, key: str) -> None:
        with writing() as session:
            session.execute(delete(Tries).where(Tries.key == key))


@lru_cache
def _storage(redis_url: str) -> Storage:
    if not redis_url:
        return DatabaseStorage()
    return RedisStorage(redis_url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)


def storage() -> Storage:
    """Where tries are counted."""
    return _storage(_redis_url)


_redis_url = ""


def count_in(redis_url: str) -> None:
    """Count in Redis; with an empty address, in the database."""
    global _redis_url
    _redis_url = redis_url


def take(rate: str, *names: str) -> None:
    """Use up one try of `rate` ("10 per 5 minutes") for `names`.

    Refused: 429 without one left; 503 when nobody can count, for uncounted tries are guesses.
    """
    counter = storage()
    try:
        has_one = FixedWindowRateLimiter(counter).hit(parse(rate), *names)
    except counter.base_exceptions as problem:
        raise _cannot_count(problem) from problem
    if not has_one:
        raise _too_often()


def refuse_if_spent(rate: str, *names: str) -> None:
    """Refused (429) when no try of `rate` is left for `names`; uses none up."""
    counter = storage()
    try:
        has_one = FixedWindowRateLimiter(counter).test(parse(rate), *names)
    except counter.base_exceptions as problem:
        raise _cannot_count(problem) from problem
    if not has_one:
        raise _too_often()


def _too_often() -> Refused:
    return Refused(
        "That was too often. Wait a few minutes and try again.", code="too_often", status=429
    )


def _cannot_count(problem: Exception) -> Refused:
    log.error("throttles cannot count", error=str(problem))
    return Refused(
        "This cannot be done for a moment. Wait a minute and try again.",
        code="cannot_count",
        status=503,
    )


def limit(rate: str, name: str) -> Callable[[View], View]:
    """Throttle the unsafe requests of a route by the asker's address."""

    def decorate(view: View) -> View:
        @wraps(view)
        def throttled(*args: Any, **kwargs: Any) -> Any:
            if request.method not in ("GET", "HEAD", "OPTIONS"):
                take(rate, name, "address", request.remote_addr or "unknown")
            return view(*args, **kwargs)

        return cast(View, throttled)

    return decorate


def sweep(now_seconds: int) -> int:
    """Forget windows that ended; how many."""
    with writing() as session:
        ended = session.execute(delete(Tries).where(Tries.expires <= now_seconds))
        return int(ended.rowcount)  # type: ignore[attr-defined]
