"""What the book counts: each commodity by the code it has there. Pure.

    points                what rules, full cards and owners give
    USD, EUR …            store credit, in minor units of its currency
    good:<item>           goods, services, experiences and pre-orders of the catalogue
    perk:<perk>           perks given to single members
    paper:<paper>         papers open to single members by name
    voucher:<item>        uses of vouchers of the catalogue
    prepaid:<offer>       units of a top-up offer that were paid for
    prepaid-free:<offer>  units that came free with them
    units                 of an advisor's seat

How each is spoken of stands in book/statement_words.py, what it is called in book/amounts.py. Pages
show them in this order.
"""

from __future__ import annotations

from collections.abc import Iterable

from foundation.money import is_currency
from rewards.documents import POINTS

GOOD = "good:"
PERK = "perk:"
PAPER = "paper:"
VOUCHERS = "voucher:"
PAID, FREE = "prepaid:", "prepaid-free:"
UNITS = "units"
_ORDER = (POINTS, "", GOOD, PERK, PAPER, VOUCHERS, PAID, FREE, UNITS)


def key_in(commodity: str, *prefixes: str) -> str | None:
    """The key behind one of these prefixes: of good:teapot it is teapot. None without any."""
    for prefix in prefixes:
        if commodity.startswith(prefix):
            return commodity.removeprefix(prefix)
    return None


def in_order(codes: Iterable[str]) -> list[str]:
    """Each of these commodities once, as pages show them: points, money, then the others."""
    return sorted(set(codes), key=_place)


def _place(code: str) -> tuple[int, str]:
    kind = "" if is_currency(code) else code.partition(":")[0] + ":" * (":" in code)
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER), code
