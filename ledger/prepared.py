"""The statement that is all of a transaction, on PostgreSQL, sent through psycopg's libpq layer.

It is prepared once for a connection. A cursor of psycopg costs twice what this does, about a third
of a transfer in the database. And the columns of a set, as text that is cheap to make.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast
from weakref import WeakSet

import psycopg
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

#: As the doors ask for (foundation/doors.py), said here because no cursor says it for us.
BEGIN = b"begin isolation level read committed"
NAME = b"ledger_transfer"

Value = str | int | datetime | None

#: Connections that know the statement, unless psycopg made them forget all they knew: it does
#: after some rollbacks.
_knowing: WeakSet[psycopg.Connection] = WeakSet()


def is_first(connection: psycopg.Connection) -> bool:
    """Whether the transaction has not begun."""
    return connection.pgconn.transaction_status == TransactionStatus.IDLE


def begin_with(
    connection: psycopg.Connection, statement: str, values: Sequence[Value]
) -> str | None:
    """Begin the transaction with `statement`; the first column of its first row, as text.

    It has `$1` placeholders and is the same at each call. Whatever psycopg would raise is raised.
    """
    sent = cast("Sequence[bytes]", [_sent(each) for each in values])  # None is null
    server = connection.pgconn
    if connection not in _knowing:
        _prepare(connection, statement)
    _checked(server.exec_(BEGIN))
    try:
        result = _checked(server.exec_prepared(NAME, sent))
    except psycopg.errors.InvalidSqlStatementName:
        _checked(server.exec_(b"rollback"))
        _prepare(connection, statement)
        _checked(server.exec_(BEGIN))
        result = _checked(server.exec_prepared(NAME, sent))
    found = result.get_value(0, 0) if result.ntuples else None
    return None if found is None else found.decode()


def array(values: Sequence[object]) -> str:
    """A column of a set as the text of an array, which costs a tenth of a list of psycopg's.

    `unnest` fills a shorter column up with nulls, so one of nulls only is sent empty.
    """
    texts: dict[object, str] = {None: "null"}
    for each in values:
        if each not in texts:
            texts[each] = str(each) if isinstance(each, int) else _quoted(str(each))
    return "{}" if len(texts) == 1 else "{" + ",".join([texts[each] for each in values]) + "}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _prepare(connection: psycopg.Connection, statement: str) -> None:
    _checked(connection.pgconn.prepare(NAME, statement.encode()))
    _knowing.add(connection)


def _sent(value: Value) -> bytes | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else str(value)
    if "\0" in text:
        raise psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    return text.encode()


def _checked(result: PGresult) -> PGresult:
    if result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
        return result
    raise psycopg.errors.error_from_result(result)
