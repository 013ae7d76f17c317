"""Rows for spreadsheets: CSV that opens right everywhere and runs nothing.

UTF-8 with the mark that tells spreadsheets so, CRLF between rows (RFC 4180), the first row the
names of the columns. Texts that a spreadsheet would run as a formula get an apostrophe in front
(OWASP, "CSV Injection"); numbers of ours are numbers and stay as they are.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

#: What a cell may be. Numbers are written plainly, None is an empty cell.
Cell = str | int | Decimal | None

#: First characters that make a cell a formula, their full-width twins included.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
MARK = "\ufeff"
#: Characters sent at a time.
CHUNK = 16_384


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """The file in pieces, so that a million rows need no more memory than a hundred."""
    buffer = io.StringIO(MARK)
    buffer.seek(0, io.SEEK_END)
    writer = csv.writer(buffer)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([harmless(cell) for cell in row])
        if buffer.tell() > CHUNK:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def harmless(cell: Cell) -> Cell:
    """A cell that no spreadsheet runs."""
    if isinstance(cell, str) and cell.lstrip(" ").startswith(FORMULA):
        return f"'{cell}"
    return cell
