"""Rows of a file that were not taken in, each with the reason: mend them there and send that file.

No cell of it is run by a spreadsheet; who reads it again takes the guard off.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from foundation.refusal import Refused
from foundation.words import _

#: The column with the reasons, at the end.
WHY = "why"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
GUARDED = re.compile(r"^'(?=[=+\-@\t\r])")


@dataclass(frozen=True)
class Problem:
    """What is wrong in one cell (or, without a column, in one row)."""

    row: int
    column: str | None
    why: Refused

    def __str__(self) -> str:
        why = _(self.why.sentence, **self.why.params)
        if self.column is None:
            return _("Row %(row)s: %(why)s", row=self.row, why=why)
        return _(
            "Row %(row)s, column “%(column)s”: %(why)s", row=self.row, column=self.column, why=why
        )

    def kept(self) -> dict[str, Any]:
        """What JSON can hold of it, to be said later in any language."""
        params = {
            name: value if isinstance(value, int) else str(value)
            for name, value in self.why.params.items()
        }
        return {
            "row": self.row,
            "column": self.column,
            "sentence": self.why.sentence,
            "params": params,
        }


def in_words(kept: Mapping[str, Any] | str) -> str:
    """A problem that was kept, in the reader's language; a text is one that was kept in words."""
    if isinstance(kept, str):
        return kept
    said, params = kept["sentence"], kept["params"]
    return str(Problem(kept["row"], kept["column"], Refused(said, **params)))


class Rejects:
    """A CSV of rejected rows under the file's own headings; made when there is a first one."""

    def __init__(self, path: Path, headings: Sequence[str]) -> None:
        self._path = path
        self._headings = headings
        # A mended file of rejects has the column already.
        self._width = len(headings) - (headings[-1] == WHY)
        self._file: IO[str] | None = None

    def add(self, cells: Sequence[str], why: str) -> None:
        """Write a row as it stood in the file, and why it was not taken in."""
        self._write([*cells[: self._width], *cells[len(self._headings) :], why])

    def _write(self, cells: Sequence[str]) -> None:
        if self._file is None:
            # The mark at its start tells spreadsheets that this is UTF-8.
            self._file = self._path.open("w", encoding="utf-8-sig", newline="")
            headings = [*self._headings[: self._width], WHY]
            csv.writer(self._file).writerow([guarded(heading) for heading in headings])
        csv.writer(self._file).writerow([guarded(cell) for cell in cells])

    def close(self) -> None:
        if self._file:
            self._file.close()


def guarded(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def unguarded(cell: str) -> str:
    """What stood in a cell before it was guarded."""
    return GUARDED.sub("", cell)
