"""The trial balance as its page shows it: the common accounts in full, the rest by groups. Pure.

A house with a hundred items in its catalogue has a hundred commodities. Points, store credit and
what is alone of its sort show their accounts; of the others the page says what each adds up to, and
shows the accounts of one when asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from foundation.words import lazy
from rewards.book.reckoning import Kind, Reckoning
from rewards.commodities import FREE, GOOD, PAID, PAPER, PERK, VOUCHERS

#: A longer group is closed until somebody opens it.
MOST_OPEN = 12
GROUPS = {
    GOOD: lazy("Things of the catalogue"),
    PERK: lazy("Perks of single members"),
    PAPER: lazy("Papers open to single members"),
    VOUCHERS: lazy("Vouchers"),
    PAID: lazy("Prepaid units"),
    FREE: lazy("Units that came free"),
}


@dataclass(frozen=True)
class Balance:
    """The accounts of one commodity by kind."""

    commodity: str
    scale: int
    kinds: Sequence[Kind]

    @property
    def accounts(self) -> int:
        return sum(each.accounts for each in self.kinds)

    @property
    def debit(self) -> int:
        return sum(each.debit for each in self.kinds)

    @property
    def credit(self) -> int:
        return sum(each.credit for each in self.kinds)

    @property
    def is_even(self) -> bool:
        return self.debit == self.credit


@dataclass(frozen=True)
class Group:
    """Commodities of one sort."""

    name: str
    balances: Sequence[Balance]

    @property
    def is_open(self) -> bool:
        return len(self.balances) <= MOST_OPEN or not self.is_even

    @property
    def is_even(self) -> bool:
        return all(each.is_even for each in self.balances)


@dataclass(frozen=True)
class Trial:
    """The page: `full` with their accounts, `groups` with their sums."""

    full: Sequence[Balance]
    groups: Sequence[Group] = ()
    is_one: bool = False  # of a commodity that was asked for


def sort_of(code: str) -> str:
    """What a commodity has in common with others; its own code when it is one of a kind."""
    prefix, colon, _key = code.partition(":")
    return prefix + colon if colon else code


def arrange(reckoned: Reckoning, commodity: str | None = None) -> Trial:
    """The trial balance of everything, or of one commodity alone."""
    balances = {code: _balance(reckoned, code) for code in reckoned.commodities}
    if commodity in balances:
        return Trial([balances[commodity]], is_one=True)
    sorts: dict[str, list[Balance]] = {}
    for code, balance in balances.items():
        sorts.setdefault(sort_of(code), []).append(balance)
    return Trial(
        [each[0] for each in sorts.values() if len(each) == 1],
        [Group(str(GROUPS.get(sort, sort)), x) for sort, x in sorts.items() if len(x) > 1],
    )


def _balance(reckoned: Reckoning, code: str) -> Balance:
    kinds = [each for each in reckoned.kinds if each.commodity == code]
    return Balance(code, reckoned.scales[code], kinds)
