"""Three languages: which one a person reads, and every sentence, date and number in it.

Babel does the work. The current language is a context variable, so pages, mails and the worker
share one way; formatters are kept per language because Babel's set-up costs more than their use.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import LazyProxy, NullTranslations, Translations

#: Code to the name its readers call it by.
LANGUAGES = {"en": "English", "zh_Hans": "简体中文", "zh_Hant": "繁體中文"}
DEFAULT = "en"
CATALOGUES = Path(__file__).parent.parent / "translations"

# werkzeug's and Babel's negotiation answer None or English to zh-TW, zh-HK and zh-CN.
ALIASES = {
    "zh": "zh_Hans",
    "zh-cn": "zh_Hans",
    "zh-sg": "zh_Hans",
    "zh-my": "zh_Hans",
    "zh-tw": "zh_Hant",
    "zh-hk": "zh_Hant",
    "zh-mo": "zh_Hant",
}

_language: ContextVar[str] = ContextVar("language", default=DEFAULT)
_zone: ContextVar[str] = ContextVar("time_zone", default="UTC")


def language() -> str:
    """The language of whoever is being spoken to."""
    return _language.get()


@contextmanager
def use_language(code: str, time_zone: str = "UTC") -> Iterator[None]:
    """Speak `code` (falls back to English) and tell times in `time_zone` within the block."""
    tokens = _language.set(code if code in LANGUAGES else DEFAULT), _zone.set(time_zone)
    try:
        yield
    finally:
        _language.reset(tokens[0])
        _zone.reset(tokens[1])


def set_language(code: str, time_zone: str = "UTC") -> None:
    """Speak `code` from here on in this context (a request)."""
    _language.set(code if code in LANGUAGES else DEFAULT)
    _zone.set(time_zone)


@lru_cache(maxsize=512)
def negotiate(header: str) -> str:
    """The best of our languages for an Accept-Language header (RFC 9110, section 12.5.4)."""
    wanted: list[tuple[float, int, str]] = []
    for order, part in enumerate(header.split(",")):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        wanted.append((-weight, order, tag.strip().lower()))
    for weight, _order, tag in sorted(wanted):
        if weight < 0 and (found := _ours(tag)):
            return found
    return DEFAULT


def _ours(tag: str) -> str | None:
    if tag in ALIASES:
        return ALIASES[tag]
    if tag.startswith("zh"):
        return "zh_Hant" if "hant" in tag else "zh_Hans"
    base = tag.partition("-")[0]
    return base if base in LANGUAGES else None


@lru_cache
def translations(code: str) -> NullTranslations:
    """The catalogue of a language, compiled in memory from its .po file."""
    path = CATALOGUES / code / "LC_MESSAGES" / "messages.po"
    if code == DEFAULT or not path.exists():
        return NullTranslations()
    with path.open("rb") as source:
        catalogue = read_po(source, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def _(message: str, **params: Any) -> str:
    """`message` in the current language, with its `%(name)s` placeholders filled."""
    text = translations(_language.get()).ugettext(message)
    return text % params if params else text


def plural(singular: str, many: str, n: int, **params: Any) -> str:
    """The form that fits `n`; `%(num)s` stands for the number as the reader writes it."""
    text = translations(_language.get()).ungettext(singular, many, n)
    return text % {"num": number(n), **params}


def lazy(message: str, **params: Any) -> Any:
    """Like `_`, looked up when it is shown: for labels made at import time."""
    return LazyProxy(_, message, enable_cache=False, **params)


def sentences(parts: Iterable[Any]) -> str:
    """Sentences one after the other: Chinese puts no space behind its full stop."""
    return (" " if _language.get() == DEFAULT else "").join(str(part) for part in parts if part)


def text_in(texts: Mapping[str, str] | str | None, code: str | None = None) -> str:
    """One of several language versions of the owner's text; falls back to English, then any."""
    if texts is None or isinstance(texts, str):
        return texts or ""
    wanted = code or _language.get()
    return texts.get(wanted) or texts.get(DEFAULT) or next(iter(texts.values()), "")


def language_shown(texts: Mapping[str, str]) -> str:
    """Which of several language versions `text_in` shows the reader."""
    wanted = [_language.get(), DEFAULT, *texts]
    return next((code for code in wanted if texts.get(code)), DEFAULT)


@lru_cache
def locale(code: str) -> Locale:
    return Locale.parse(code)


@lru_cache
def zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError):
        return ZoneInfo("UTC")


def current_zone() -> tzinfo:
    """The time zone of whoever is being spoken to."""
    return zone(_zone.get())


@lru_cache(maxsize=20_000)
def _when(moment: datetime | date, code: str, zone_name: str, style: str) -> str:
    if not isinstance(moment, datetime):  # a calendar day is the same day everywhere
        return dates.format_date(moment, "medium", locale=locale(code))
    local = moment.astimezone(zone(zone_name))
    if style == "date":
        return dates.format_date(local, "medium", locale=locale(code))
    pattern = str(dates.get_datetime_format("medium", locale=locale(code)))  # "{1}, {0}"
    # the day is written the same way everywhere: a numeric one reads as two different days
    clock = "medium" if style == "full" else "short"
    if code == "zh_Hant":  # its own pattern names the time of day: 清晨7:14
        clock = "HH:mm:ss" if style == "full" else "HH:mm"
    time = dates.format_time(local, clock, locale=locale(code))
    return pattern.format(time, dates.format_date(local, "medium", locale=locale(code)))


def when(moment: datetime | date | None, style: str = "date") -> str:
    """A moment for reading: `date`, `short` (date and minute) or `full`, in the reader's zone.

    A `date` is a calendar day and has no zone.
    """
    return _when(moment, _language.get(), _zone.get(), style) if moment else ""


@lru_cache(maxsize=20_000)
def _number(value: float, code: str) -> str:
    return numbers.format_decimal(value, locale=locale(code))


def number(value: float | None) -> str:
    """A number with the reader's separators."""
    return "" if value is None else _number(value, _language.get())


def percent(value: float) -> str:
    """0.254 → 25%."""
    return numbers.format_percent(value, locale=locale(_language.get()))
