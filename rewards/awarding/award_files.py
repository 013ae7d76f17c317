"""Reading awards out of a table: who gets how many points, why and until when.

Nothing here knows the database. What cannot be read comes out with its problems, each with row,
column and a sentence that says what to do.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import IO

from foundation import tabular
from foundation.clock import typed_day
from foundation.refusal import Refused
from foundation.rejects import Problem, unguarded

#: Points that one row may give: more is a slip of the keyboard.
MOST = 10_000_000
LONGEST_REASON = 200
#: Our fields and the headings we know for them, compared without case, blanks and signs.
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "member": (
        "member", "email", "e-mail", "email address", "handle", "customer", "customer ref",
        "customer id", "customer number", "会员", "邮箱", "客户编号", "會員", "電郵", "客戶編號",
    ),
    "amount": ("amount", "points", "积分", "点数", "積分", "點數"),
    "reason": ("reason", "理由", "原因"),
    "expires_on": ("expires on", "expires", "expiry", "valid until", "到期日", "有效期至"),
}  # fmt: skip
#: Spreadsheets write 5 as 5.0 or 5.00; what looks like 5.000 is five thousand in half the world.
WHOLE = re.compile(r"[0-9]+(?:\.0{1,2})?")


@dataclass
class Row:
    """One row of the file; `problems` say why it cannot be given."""

    row: int
    cells: Sequence[str]
    member: str = ""
    amount: int = 0
    reason: str | None = None
    expires_on: date | None = None
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class AwardFile:
    """A file looked at and understood; `points` are those of all rows that can be read."""

    path: Path
    encoding: str
    delimiter: str
    headings: tuple[str, ...]
    at: Mapping[str, int]
    digest: str
    rows: int = 0
    points: int = 0

    def read(self, file: IO[str]) -> Iterator[Row]:
        """Every row; `file` is open at its start."""
        rows = tabular.rows_of(file, self.delimiter)
        next(rows, None)
        return (self._understood(Row(row, cells)) for row, cells in rows)

    def open(self) -> IO[str]:
        return self.path.open(encoding=self.encoding, newline="")

    def column(self, name: str) -> str:
        """What the file calls one of our fields."""
        return self.headings[self.at[name]] if name in self.at else name

    def wrong(self, row: Row, name: str, why: Refused) -> None:
        """Write down what is wrong in a cell."""
        row.problems.append(Problem(row.row, self.column(name), why))

    def _understood(self, row: Row) -> Row:
        if len(row.cells) > len(self.headings):
            why = Refused(
                "There are %(cells)s cells under %(width)s headings. Put texts that hold"
                " the delimiter into quotation marks.",
                cells=len(row.cells),
                width=len(self.headings),
            )
            row.problems.append(Problem(row.row, None, why))
            return row
        row.member = self._text(row, "member")
        if not row.member:
            why = Refused("Say who gets the points: an e-mail address, @handle or customer number.")
            self.wrong(row, "member", why)
        self._fill(row)
        return row

    def _fill(self, row: Row) -> None:
        row.reason = self._text(row, "reason") or None
        for name, read in (("amount", amount_of), ("reason", reason_of), ("expires_on", day_of)):
            try:
                setattr(row, name, read(self._text(row, name)))
            except Refused as why:
                self.wrong(row, name, why)

    def _text(self, row: Row, name: str) -> str:
        at = self.at.get(name)
        return unguarded(tidy(row.cells[at])) if at is not None and at < len(row.cells) else ""


def tidy(text: str) -> str:
    """A text on one line: no signs that steer terminals or mails, which PostgreSQL may refuse."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def amount_of(text: str) -> int:
    """Points as a whole number above zero; Refused with what is wrong about them."""
    if not text:
        raise Refused("The amount is missing. Write how many points.", code="amount")
    if not WHOLE.fullmatch(text):
        raise Refused(
            "“%(text)s” is not a number of points. Write a whole number above zero in plain digits,"
            " such as 1200.",
            code="amount",
            text=text[:40],
        )
    digits = text.partition(".")[0].lstrip("0")
    if not digits:
        raise Refused("Zero points are nothing to give. Leave the row out.", code="amount")
    if len(digits) > len(str(MOST)) or int(digits) > MOST:
        raise Refused(
            "%(text)s points are too many for one row; %(most)s are the most.",
            code="amount",
            text=text[:40],
            most=MOST,
        )
    return int(digits)


def reason_of(text: str) -> str | None:
    """A reason of its own, or None."""
    if len(text) > LONGEST_REASON:
        raise Refused(
            "Keep the reason within %(most)s characters.",
            code="reason",
            field="reason",
            most=LONGEST_REASON,
        )
    return text or None


def day_of(text: str) -> date | None:
    """A day written as in 2026-12-31, or None for no text."""
    day = typed_day(text) if text else None
    if text and day is None:
        raise Refused(
            "“%(text)s” is no date. Write the last day on which the points count, such as"
            " 2026-12-31.",
            code="date",
            text=text[:40],
        )
    return day


def end_of(day: date) -> datetime:
    """When points expire whose last day this is: its last second, UTC."""
    return datetime.combine(day, time(23, 59, 59), UTC)


def look_at(path: Path) -> AwardFile:
    """Understand how a file is written, and read all of it once. Raises Refused."""
    if not path.stat().st_size:
        raise Refused("The file is empty. Choose another one.", code="empty", field="file")
    try:
        encoding = tabular.encoding_of(path)
        delimiter = tabular.delimiter_of(path, encoding)
        with path.open(encoding=encoding, newline="") as file:
            headings = next(tabular.rows_of(file, delimiter), (1, [""]))[1]
    except UnicodeError:
        raise Refused(
            "The file is not written in “%(encoding)s”. Save it in UTF-8.",
            code="encoding",
            field="file",
            encoding="UTF-8",
        ) from None
    known = tuple(tidy(heading) for heading in headings)
    with path.open("rb") as raw:
        digest = hashlib.file_digest(raw, "sha256").hexdigest()
    found = AwardFile(path, encoding, delimiter, known, recognise(known), digest)
    with found.open() as file:
        amounts = [row.amount for row in found.read(file)]
    if not amounts:
        raise Refused("The file has headings and no rows.", code="empty", field="file")
    return AwardFile(path, encoding, delimiter, known, found.at, digest, len(amounts), sum(amounts))


def recognise(headings: Sequence[str]) -> dict[str, int]:
    """Which position holds which of our fields; other columns are left alone."""
    plain = [_plain(heading) for heading in headings]
    at = {
        name: plain.index(_plain(known))
        for name, names in HEADINGS.items()
        for known in reversed(names)
        if _plain(known) in plain
    }
    for name, place in at.items():
        # who it is for may stand there in several ways
        names = {plain[place]} if name == "member" else {*map(_plain, HEADINGS[name])}
        fitting = [heading for heading in headings if _plain(heading) in names]
        if len(fitting) > 1:
            raise Refused(
                "More than one column could be “%(column)s”: %(headings)s. Rename or remove all"
                " but one.",
                code="columns",
                field="file",
                column=name,
                headings=", ".join(fitting)[:200],
            )
    for name in ("member", "amount"):
        if name not in at:
            raise Refused(
                "The file has no column “%(column)s”. Its headings are: %(headings)s.",
                code="columns",
                field="file",
                column=name,
                headings=", ".join(headings)[:200],
            )
    return at


def _plain(heading: str) -> str:
    return re.sub(r"[\s_\-.]+", "", heading.casefold())
