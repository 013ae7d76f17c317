"""The card about rewards on a member's own page."""

from __future__ import annotations

from foundation import clock
from foundation.doors import reading
from ledger import statements
from members.page import Card
from rewards import programme
from rewards.cards import queries as card_queries
from rewards.credit import purse
from rewards.rules import POINTS
from rewards.standing import tiers


def show(member_id: str) -> Card | None:
    """Her points and credit, her cards, her way to the next tier; None without a programme."""
    now = clock.now()
    with reading() as session:
        rules = programme.current(session)
        if rules is None:
            return None
        standing = tiers.standing(session, member_id, rules, now)
        balances = statements.balances(session, member_id, POINTS)
        cards = [each for each in card_queries.mine(session, member_id, now).open if each.id]
        credit = [each for each in purse.purses(session, member_id, now) if each.available]
    given = {"balances": balances, "standing": standing, "cards": cards, "credit": credit}
    return Card("rewards/card.html", given)
