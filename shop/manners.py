"""How a file is written: its encoding, delimiter (foundation/tabular.py), dates and decimals.

Everything is found out by looking at the file, and can be said instead. What can be read in two
ways (03/04/2024) is asked about, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, product

from foundation.refusal import Refused

SAMPLE_ROWS = 2_000

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
