"""The statements that a piece of code sends to the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from foundation import doors


@contextmanager
def sent() -> Iterator[list[str]]:
    """What goes through the doors while the block runs, reading or writing."""
    said: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        said.append(statement)

    opened = doors.database()
    engines = [opened.writer]
    if opened.dialect == "sqlite":  # PostgreSQL's reader is the writer, which hears for both
        engines.append(opened.reader)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
