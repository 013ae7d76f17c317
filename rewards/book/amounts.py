"""Amounts of any commodity as people read them: points, money, vouchers, goods."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from sqlalchemy.orm import Session

from foundation.money import exponent, format_amount, is_currency
from foundation.words import _, number
from rewards.catalogue import queries as catalogue
from rewards.commodities import UNITS
from rewards.papers import queries as papers
from rewards.perks import queries as perks
from rewards.rules import POINTS
from rewards.topups import queries as topups
from rewards.vouchers import queries as vouchers


def name_of(code: str) -> str:
    """What a commodity is called; the owner's own ones by their code."""
    if is_currency(code):
        return _("Store credit (%(currency)s)", currency=code)
    return {POINTS: _("Points"), UNITS: _("Units")}.get(code, code)


def naming(session: Session, codes: Iterable[str]) -> Callable[[str], str]:
    """`name_of` for these commodities, knowing offers, items, perks and papers by name."""
    wanted = list(codes)
    known = topups.names(session, wanted)
    known |= catalogue.names(session, wanted) | perks.names(session, wanted)
    known |= papers.names(session, wanted) | vouchers.names(session, wanted)
    return lambda code: known.get(code) or name_of(code)


def written(units: int, code: str, scale: int) -> str:
    """1234 points → 1,234; 1234 USD → $12.34; 1500 of a commodity of three decimals → 1.5."""
    if is_currency(code) and scale == exponent(code):
        return format_amount(units, code)
    return number(int(units)) if not scale else number(float(plain(units, scale)))


def plain(units: int, scale: int) -> Decimal:
    """The amount as a number for machines: 1234 with two decimals → 12.34."""
    return Decimal(units).scaleb(-scale)
