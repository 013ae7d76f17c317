"""How a file is written: its encoding, delimiter, way of writing dates and decimals.

Everything is found out by looking at the file, and can be said instead. What can be read in two
ways (03/04/2024) is asked about, never guessed.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, product
from pathlib import Path

from foundation.refusal import Refused

SAMPLE_BYTES = 1 << 16
SAMPLE_ROWS = 2_000
DELIMITERS = ",;\t|"
#: A cell longer than this is a quotation mark that was never closed.
LONGEST_CELL = 100_000

ISO = ""  # datetime.fromisoformat reads it
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
CLEAR_DAYS = (
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%d.%m.%y",
    "%Y年%m月%d日",
    "%d %b %Y",
    "%b %d, %Y",
)
CLEAR_DATES = (
    "%Y-%m-%d %H:%M:%S %z",
    "%Y-%m-%d %H:%M:%S UTC",
    *(day + time for day, time in product(CLEAR_DAYS, TIMES)),
)
#: Day first and month first, written alike.
UNCLEAR_DAYS = (
    ("%d/%m/%Y", "%m/%d/%Y"),
    ("%d/%m/%y", "%m/%d/%y"),
    ("%d-%m-%Y", "%m-%d-%Y"),
)
UNCLEAR_DATES = tuple(
    (first + time, second + time) for (first, second), time in product(UNCLEAR_DAYS, TIMES)
)
TWO_NUMBERS = re.compile(r"\s*(\d{1,2})\D(\d{1,2})\D")
DECIMAL_COMMA = re.compile(r"-?[\d.]*\d,\d{1,2}")


@dataclass(frozen=True)
class Manners:
    """How a file is written. `date_format` is strptime's; empty: ISO 8601."""

    encoding: str
    delimiter: str
    date_format: str = ISO
    decimal_comma: bool = False


def encoding_of(path: Path) -> str:
    """A text file's encoding: by its mark, UTF-8 if all of it is, else GB 18030 or Latin."""
    with path.open("rb") as file:
        head = file.read(SAMPLE_BYTES)
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head[1::2].count(0) > len(head) // 4:
        return "utf-16-le"
    if _is_utf8(path):
        return "utf-8"
    return "gb18030" if _looks_chinese(path) else "cp1252"


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            for block in iter(lambda: file.read(1 << 20), b""):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _looks_chinese(path: Path) -> bool:
    """GB 2312 writes pairs of high bytes; in Latin text a high byte mostly stands alone."""
    with path.open("rb") as file:
        high = next((block for block in iter(lambda: file.read(1 << 20), b"") if _high(block)), b"")
    pairs = sum(len(run.group()) // 2 * 2 for run in re.finditer(rb"[\xa1-\xfe]{2,}", high))
    return pairs > _high(high) * 0.6


def _high(block: bytes) -> int:
    return sum(byte > 0x7F for byte in block)


def delimiter_of(path: Path, encoding: str) -> str:
    """The sign that splits the first line into most cells, outside quotation marks."""
    with path.open(encoding=encoding, newline="") as file:
        first = re.sub(r'"[^"]*"', "", file.readline(SAMPLE_BYTES))
    best = max(DELIMITERS, key=first.count)
    if not first.count(best):
        raise Refused("This is no table: its first line has one cell only.", code="delimiter")
    return best


def rows_of(file: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(row, cells) as a spreadsheet counts: the headings are row 1; blank rows are left out."""
    csv.field_size_limit(LONGEST_CELL)
    row = 0
    try:
        for row, cells in enumerate(csv.reader(file, delimiter=delimiter), start=1):
            if any(cells):
                yield row, cells
    except csv.Error as error:
        raise Refused(
            "Row %(row)s cannot be read (%(error)s). Look for a quotation mark that is opened and"
            " never closed.",
            code="csv",
            row=row + 1,
            error=error,
        ) from None
    except UnicodeError as error:
        raise Refused(
            "After row %(row)s the file is not written in %(encoding)s. Save all of it in UTF-8.",
            code="encoding",
            field="encoding",
            row=row,
            encoding=getattr(error, "encoding", "this encoding"),
        ) from None


def date_format_of(texts: Iterable[str]) -> str:
    """The one way in which these dates can be read; Refused when there are two, or none."""
    remaining = iter(texts)
    sample = list(islice(remaining, SAMPLE_ROWS))
    if not sample or _reads(sample, ISO) * 10 >= len(sample) * 9:
        return ISO
    clear = [(_reads(sample, each), each) for each in CLEAR_DATES if _reads(sample[:5], each)]
    if clear:
        return max(clear)[1]
    for day_first, month_first in UNCLEAR_DATES:
        if _reads(sample[:5], day_first) + _reads(sample[:5], month_first):
            return _day_or_month_first(sample, remaining, day_first, month_first)
    raise Refused(
        "“%(text)s” is not a date we can read. Say how dates are written, like %%d.%%m.%%Y.",
        code="date",
        field="date_format",
        text=_first(sample, lambda text: read_date(text, ISO) is None),
    )


def _first(texts: Sequence[str], at_fault: Callable[[str], bool]) -> str:
    return next(filter(at_fault, texts), texts[0])


def _reads(texts: Sequence[str], date_format: str) -> int:
    return sum(read_date(text, date_format) is not None for text in texts)


def read_date(text: str, date_format: str) -> datetime | None:
    """A date, or None; naive when the text names no zone."""
    try:
        if date_format == ISO:
            return datetime.fromisoformat(text)
        return datetime.strptime(text, date_format)  # noqa: DTZ007 - the caller knows the zone
    except ValueError:
        return None


def _day_or_month_first(
    sample: Sequence[str], remaining: Iterable[str], day_first: str, month_first: str
) -> str:
    for texts in (sample, remaining):
        for text in texts:
            if found := TWO_NUMBERS.match(text):
                if int(found[1]) > 12:
                    return day_first
                if int(found[2]) > 12:
                    return month_first
    raise Refused(
        "“%(text)s” can be read in two ways. Say how dates are written: %(day)s has the day first,"
        " %(month)s the month.",
        code="date",
        field="date_format",
        text=_first(sample, lambda text: read_date(text, day_first) is not None),
        day=day_first,
        month=month_first,
    )


def writes_decimal_comma(amounts: Iterable[str]) -> bool:
    """Whether the first amount that could only be one of the two is written 12,50."""
    for amount in amounts:
        if DECIMAL_COMMA.fullmatch(amount.strip(" €$£¥")):
            return True
        if re.search(r"\.\d{1,2}$", amount.strip(" €$£¥")):
            return False
    return False
