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
#: Digits, perhaps in groups of which the last one has three (1,234 and, in India, 1,23,456), and
#: perhaps decimals after a point. “12,34” is none: who types it means twelve, not a thousand.
TYPED = re.compile(r"[+-]?(?=\.?\d)(?:\d*|\d{1,3}(?:[,\u00a0]\d{2,3})*[,\u00a0]\d{3})(?:\.\d*)?")


@lru_cache
def exponent(currency: str) -> int:
    """Digits after the point: 2 for USD, 0 for JPY, 3 for KWD (CLDR, after ISO 4217)."""
    return numbers.get_currency_precision(currency)


def is_currency(code: str) -> bool:
    """Whether CLDR knows the three-letter code."""
    return numbers.is_currency(code)


def parse_amount(text: str, currency: str, least: int = -LARGEST, most: int = LARGEST) -> int:
    """ "29.33" USD → 2933; thousands commas, surrounding blanks and the currency's own sign, as
    pages show it, are allowed.

    Raises Refused for what is no number, has more decimals than the currency, or is not within
    `least` and `most` (minor units).
    """
    plain = ungrouped(_unsigned(text, currency))
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
        raise Refused(
            "“%(text)s” has more decimals than %(currency)s knows.",
            code="amount",
            text=text,
            currency=currency,
        )
    if minor < least:
        raise Refused("“%(text)s” is too small.", code="amount", text=text)
    if minor > most:
        raise Refused("“%(text)s” is too large.", code="amount", text=text)
    return int(minor)


@lru_cache
def _signs(currency: str) -> tuple[str, ...]:
    """How a currency is written before or after an amount, in any language we speak."""
    found = {numbers.get_currency_symbol(currency, words.locale(code)) for code in words.LANGUAGES}
    found |= {sign.replace("¥", "\uffe5") for sign in found}  # as East Asian keyboards type it
    return tuple(sorted({currency, *found}, key=len, reverse=True))


def _unsigned(text: str, currency: str) -> str:
    """ "¥1,200" JPY → "1,200"; another currency's sign stays, and is then no amount."""
    typed = text.strip()
    for sign in _signs(currency):
        if typed.startswith(sign):
            return typed.removeprefix(sign)
        if typed.endswith(sign):
            return typed.removesuffix(sign)
    return typed


def ungrouped(text: str) -> str | None:
    """ "1,234.50" → "1234.50"; None for what is no number, or has a comma in the wrong place."""
    typed = text.strip()
    return re.sub("[,\u00a0]", "", typed) if TYPED.fullmatch(typed) else None


def major(minor: int, currency: str) -> Decimal:
    """2933 USD → Decimal("29.33")."""
    return Decimal(minor).scaleb(-exponent(currency))


@lru_cache(maxsize=20_000)
def _format(minor: int, currency: str, code: str) -> str:
    return numbers.format_currency(major(minor, currency), currency, locale=words.locale(code))


def format_amount(minor: int | None, currency: str) -> str:
    """2933 USD → $29.33 as the reader writes it."""
    return "" if minor is None else _format(minor, currency, words.language())
