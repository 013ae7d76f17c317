"""Recounting a draft in another currency: every amount keeps its digits. Pure.

Amounts stand in minor units, of which a dollar has a hundred and a yen none: $400.00 become ¥400,
and not ¥40,000. What the new currency cannot say ($10.50 in yen) is rounded up. How much it is
worth over there is for the owner to say: every amount is among the draft's changes.
"""

from __future__ import annotations

from decimal import ROUND_CEILING
from typing import Any

from foundation.money import exponent, major
from rewards.rules import Budget, Programme, StampCard

MOST, MOST_WORTH = 10**12, 10**9


def elsewhere(rules: Programme, currency: str) -> dict[str, Any]:
    """The parts of `rules` that other pages than that of the earning rules edit, in `currency`."""

    def recount(minor: int, most: int = MOST) -> int:
        digits = major(minor, rules.currency).scaleb(exponent(currency))
        return min(int(digits.to_integral_value(ROUND_CEILING)), most)

    def card(each: StampCard) -> StampCard:
        said = {"value_min": each.value_min, "credit": each.credit}
        stated = {name: recount(minor) for name, minor in said.items() if minor is not None}
        return each.model_copy(update=stated)

    def budget(each: Budget) -> Budget:
        is_money = each.unit == "money"
        return each.model_copy(update={"limit": recount(each.limit)}) if is_money else each

    standing, worth = rules.standing, rules.worth_of_100
    return {
        "standing": standing
        and standing.model_copy(update={"full_spend": recount(standing.full_spend)}),
        "cards": tuple(map(card, rules.cards)),
        "budgets": tuple(map(budget, rules.budgets)),
        "worth_of_100": worth and recount(worth, MOST_WORTH),
    }
