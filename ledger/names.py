"""What accounts and commodities are called in a bookkeeper's files: Beancount's rules, which are
the narrowest (a root of five, parts that begin with a capital or a digit, commodities in capitals).

Every name says one thing: two accounts never share one, whatever letters their owners have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

#: Beancount's second version takes no longer ones.
LONGEST = 24
#: Words its reader takes for something else.
TAKEN = {"TRUE", "FALSE", "NULL"}

#: Where an owner's accounts stand. What is spent or expired no longer burdens the programme.
OF_OWNER = {
    "pending": "Liabilities",
    "available": "Liabilities",
    "owed": "Assets",
    "redeemed": "Income",
    "expired": "Income",
    "clawed_back": "Expenses",  # less was issued than it seemed
}
#: Where the programme's own accounts stand.
OF_PROGRAMME = {"issued": "Expenses"}


def account_name(owner: str | None, kind: str, currency: str) -> str:
    """`Liabilities:Members:M-01h…:Available:POINTS`, or `Expenses:Programme:Issued:POINTS`."""
    if owner is None:
        root = OF_PROGRAMME.get(kind, "Equity")
        return f"{root}:Programme:{_part(kind)}:{currency}"
    root = OF_OWNER.get(kind, "Liabilities")
    return f"{root}:Members:M-{_letters(owner)}:{_part(kind)}:{currency}"


def currency_names(codes: Iterable[str]) -> dict[str, str]:
    """A name for each commodity, by code; in capitals, and no two the same."""
    names: dict[str, str] = {}
    for code in codes:
        wanted = _currency(code)
        number = 2
        while wanted in names.values():
            ending = f"-{number}"
            wanted, number = _currency(code)[: LONGEST - len(ending)] + ending, number + 1
        names[code] = wanted
    return names


def _currency(code: str) -> str:
    name = re.sub(r"[^A-Z0-9]+", "-", code.upper()).strip("-")
    if not name[:1].isalpha() or len(name) < 2 or name in TAKEN:
        name = f"UNIT-{name}"
    return name[:LONGEST].rstrip("-")


def _part(text: str) -> str:
    """A part of a name: clawed_back → Clawed-back."""
    name = "-".join(_letters(word) for word in text.split("_"))
    return name[:1].upper() + name[1:]


def _letters(text: str) -> str:
    """Letters and digits as they are; anything else as its number, between hyphens."""
    return "".join(
        each if each.isascii() and each.isalnum() else f"-{ord(each):x}-" for each in text
    )
