"""What every table shares: the declarative base, column types and public identifiers."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Annotated, Any, cast

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, MetaData, String, Table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

CONSTRAINT_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcMoment(TypeDecorator[datetime]):
    """An instant, always aware and in UTC; a naive datetime is refused rather than guessed."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("moments are aware: pass a datetime in UTC")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


#: Text that may be an identifier and may be something else, compared as identifiers are. On
#: PostgreSQL a column of another collation is joined with them without its index.
PlainText = String().with_variant(String(collation="C"), "postgresql")


class IdText(TypeDecorator[str]):
    """Text compared byte by byte on both back ends, so that identifiers sort by time."""

    impl = String(26)
    cache_ok = True

    @property
    def python_type(self) -> type[str]:
        """A cursor of a list ordered by identifiers is text (foundation/paging.py)."""
        return str

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        collation = "C" if dialect.name == "postgresql" else None
        return dialect.type_descriptor(String(26, collation=collation))


#: Works as an autoincrementing key on SQLite, which only knows INTEGER for that.
BigNumber = BigInteger().with_variant(Integer(), "sqlite")
JsonValue = JSON().with_variant(JSONB(), "postgresql")

Id = Annotated[str, mapped_column(IdText)]
Moment = Annotated[datetime, mapped_column(UtcMoment)]
Json = Annotated[dict[str, Any], mapped_column(JsonValue)]
Number = Annotated[int, mapped_column(BigInteger)]


class Base(DeclarativeBase):
    """Every table of every room."""

    metadata = MetaData(naming_convention=CONSTRAINT_NAMES)


def table_of(model: type[Base]) -> Table:
    """The plain table of a model, for statements that make no objects."""
    return cast(Table, model.__table__)


# Crockford's base 32, lower case: no i, l, o, u, and it sorts like the number it writes.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
# Two letters at a time, the first two first: sets make a hundred thousand at once.
_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
_PLACES = range(120, -1, -10)
#: The last twelve letters are counted on in a set, the others stay.
_COUNTED = 60


def new_id(now: datetime) -> str:
    """A public, time-ordered identifier: a UUIDv7 (RFC 9562, section 5.7) in base 32, 26 letters.

    The first 48 bits are the milliseconds of `now`, so rows written in order read in order, and
    an index on it grows at one end; 74 bits are random.
    """
    number = _random_id(now)
    return "".join([_PAIRS[number >> place & 1023] for place in _PLACES])


def new_ids(now: datetime, many: int) -> list[str]:
    """So many identifiers of one moment, each larger than the one before.

    Random steps from a random start (RFC 9562, section 6.2, method 2), so that a set reads in the
    order in which it was made, and an index grows at its end instead of anywhere in its last pages.
    """
    number = _random_id(now) & ~(1 << _COUNTED - 1)  # half of the numbers are left to count on to
    high, low = number >> _COUNTED, number & ((1 << _COUNTED) - 1)
    same = "".join([_PAIRS[high >> place & 1023] for place in range(60, -1, -10)])
    made: list[str] = []
    for step in memoryview(os.urandom(4 * many)).cast("I"):
        low += step + 1
        made.append(
            f"{same}{_PAIRS[low >> 50]}{_PAIRS[low >> 40 & 1023]}{_PAIRS[low >> 30 & 1023]}"
            f"{_PAIRS[low >> 20 & 1023]}{_PAIRS[low >> 10 & 1023]}{_PAIRS[low & 1023]}"
        )
    return made


def _random_id(now: datetime) -> int:
    """The 128 bits of a UUIDv7."""
    milliseconds = int(now.timestamp() * 1000) & ((1 << 48) - 1)
    noise = int.from_bytes(os.urandom(10), "big")
    return (
        (milliseconds << 80)
        | (0x7 << 76)
        | ((noise >> 68 & 0xFFF) << 64)
        | (0b10 << 62)
        | (noise & ((1 << 62) - 1))
    )
