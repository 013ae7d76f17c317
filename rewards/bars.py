"""What is given, as charts show it: bars, one chart for each commodity."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rewards import explaining_rules
from rewards.rules import POINTS


class Bar(NamedTuple):
    """A bar or point of a chart: whose, how much, and how that is written."""

    name: str
    amount: int
    written: str

    @classmethod
    def of(cls, name: str, amount: int, commodity: str) -> Bar:
        return cls(name, amount, explaining_rules.written(amount, commodity))


def in_order(commodities: Iterable[str]) -> list[str]:
    """Points first, then currencies by their code."""
    return sorted(commodities, key=lambda code: (code != POINTS, code))
