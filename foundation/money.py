"""Money as whole minor units (cents, yen, fils) with an ISO 4217 code; no floats anywhere."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import lru_cache

from babel import numbers

from foundation import words
from foundation.refusal import Refused

#: PostgreSQL's bigint and SQLite's integer end here.
LARGEST = 2**63 - 1


@lru_cache
def exponent(currency: str) -> int:
    """Digits after the point: 2 for USD, 0 for JPY, 3 for KWD (CLDR, after ISO 4217)."""
    return numbers.get_currency_precision(currency)


def is_currency(code: str) -> bool:
    """Whether CLDR knows the three-letter code."""
    return numbers.is_currency(code)


def parse_amount(text: str, currency: str) -> int:
    """ "29.33" USD → 2933; a thousands comma and surrounding blanks are allowed.

    Raises Refused for what is no number, has more decimals than the currency, or is too large.
    """
    cleaned = text.strip().replace(",", "").replace("\u00a0", "")
    try:
        value = Decimal(cleaned)
    except InvalidOperation:
        raise Refused("“%(text)s” is not an amount of money.", code="amount", text=text) from None
    if not value.is_finite():
        raise Refused("“%(text)s” is not an amount of money.", code="amount", text=text)
    minor = value.scaleb(exponent(currency))
    if minor != minor.to_integral_value():
        raise Refused(
            "“%(text)s” has more decimals than %(currency)s knows.",
            code="amount",
            text=text,
            currency=currency,
        )
    if abs(minor) > LARGEST:
        raise Refused("“%(text)s” is too large.", code="amount", text=text)
    return int(minor)


def major(minor: int, currency: str) -> Decimal:
    """2933 USD → Decimal("29.33")."""
    return Decimal(minor).scaleb(-exponent(currency))


@lru_cache(maxsize=20_000)
def _format(minor: int, currency: str, code: str) -> str:
    return numbers.format_currency(major(minor, currency), currency, locale=words.locale(code))


def format_amount(minor: int | None, currency: str) -> str:
    """2933 USD → $29.33 as the reader writes it."""
    return "" if minor is None else _format(minor, currency, words.language())
