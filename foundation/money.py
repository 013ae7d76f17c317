"""Money as whole minor units (cents, yen, fils) with an ISO 4217 code; no floats anywhere."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from babel import numbers

from foundation import words
from foundation.refusal import Refused

#: PostgreSQL's bigint and SQLite's integer end here.
LARGEST = 2**63 - 1
#: What stands between thousands: a comma, a blank of whatever width, the Swiss apostrophe.
BETWEEN = "[, '\u2019\u00a0\u2009\u202f]"
#: Digits, perhaps in groups of which the last one has three (1,234 and, in India, 1,23,456), and
#: perhaps decimals after a point. “12,34” is none: who types it means twelve, not a thousand.
TYPED = re.compile(
    rf"[+-]?(?=\.?\d)(?:\d*|\d{{1,3}}(?:{BETWEEN}\d{{2,3}})*{BETWEEN}\d{{3}})(?:\.\d*)?"
)
#: Signs nobody sees that come along when a number is copied from a page or a sheet. Not those that
#: turn the direction round: with them 51 looks like 15.
UNSEEN = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202c\u202d\u2060\u2066\u2069\ufeff"
AROUND = re.compile(rf"^[\s{UNSEEN}]+|[\s{UNSEEN}]+$")
#: What East Asian keyboards type for the signs of a number.
NARROW = str.maketrans("，．－＋　", ",.-+ ")
#: Codes that ISO 4217 keeps for something else than money: none, a test, metals, baskets.
NO_MONEY = frozenset(("XXX", "XTS", "XAG", "XAU", "XPD", "XPT", "XBA", "XBB", "XBC", "XBD", "XDR"))


@lru_cache
def exponent(currency: str) -> int:
    """Digits after the point: 2 for USD, 0 for JPY, 3 for KWD (CLDR, after ISO 4217)."""
    return numbers.get_currency_precision(currency)


def is_currency(code: str) -> bool:
    """Whether CLDR knows the three-letter code as one of money."""
    return numbers.is_currency(code) and code not in NO_MONEY


def parse_amount(text: str, currency: str, least: int = -LARGEST, most: int = LARGEST) -> int:
    """ "29.33" USD → 2933; thousands commas, surrounding blanks and the currency's own sign, as
    pages show it, are allowed.

    Raises Refused for what is no number, has more decimals than the currency, or is not within
    `least` and `most` (minor units).
    """
    plain, text = ungrouped(_unsigned(text, currency)), text[:40]  # as much as is said again
    if plain is None:
        if "," in text:
            raise Refused(
                "Write decimals after a point, and thousands in threes: “%(text)s” is neither.",
                code="amount",
                text=text,
            )
        raise Refused("“%(text)s” is not an amount of money.", code="amount", text=text)
    minor = Decimal(plain).scaleb(exponent(currency))
    if minor != minor.to_integral_value():
        raise _too_fine(text, currency)
    if minor < least:
        raise Refused("“%(text)s” is too small.", code="amount", text=text)
    if minor > most:
        raise Refused("“%(text)s” is too large.", code="amount", text=text)
    return int(minor)


def typed_amount(text: str, currency: str, least: int = -LARGEST, most: int = LARGEST) -> int:
    """`parse_amount` of what a person typed. Machines pad amounts with zeros; who types “1.000”
    may mean a thousand, so it is no dollar here."""
    decimals = (ungrouped(_unsigned(text, currency)) or "").partition(".")[2]
    if len(decimals) > exponent(currency):
        raise _too_fine(text[:40], currency)
    return parse_amount(text, currency, least, most)


def _too_fine(text: str, currency: str) -> Refused:
    return Refused(
        "“%(text)s” has more decimals than %(currency)s knows.",
        code="amount",
        text=text,
        currency=currency,
    )


@lru_cache
def _signs(currency: str) -> tuple[str, ...]:
    """How a currency is written before or after an amount, in any language we speak."""
    found = {numbers.get_currency_symbol(currency, words.locale(code)) for code in words.LANGUAGES}
    found |= {sign.replace("¥", "\uffe5") for sign in found}  # as East Asian keyboards type it
    return tuple(sorted({currency, *found}, key=len, reverse=True))


def _unsigned(text: str, currency: str) -> str:
    """ "¥1,200" JPY → "1,200"; another currency's sign stays, and is then no amount."""
    typed = _tidy(text)
    for sign in _signs(currency):
        if typed.startswith(sign):
            return typed.removeprefix(sign)
        if typed.endswith(sign):
            return typed.removesuffix(sign)
    return typed


def ungrouped(text: str) -> str | None:
    """ "1,234.50" → "1234.50"; None for what is no number, or has a comma in the wrong place."""
    typed = _tidy(text)
    return re.sub(BETWEEN, "", typed) if TYPED.fullmatch(typed) else None


def _tidy(text: str) -> str:
    """A number as it was typed or copied, without what nobody sees around it."""
    return AROUND.sub("", text.translate(NARROW))


def major(minor: int, currency: str) -> Decimal:
    """2933 USD → Decimal("29.33")."""
    return Decimal(minor).scaleb(-exponent(currency))


@lru_cache(maxsize=20_000)
def _format(minor: int, currency: str, code: str) -> str:
    return numbers.format_currency(major(minor, currency), currency, locale=words.locale(code))


def format_amount(minor: int | None, currency: str) -> str:
    """2933 USD → $29.33 as the reader writes it."""
    return "" if minor is None else _format(minor, currency, words.language())
