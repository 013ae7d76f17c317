"""The card about rewards on a member's own page."""

from __future__ import annotations

from foundation import clock
from foundation.doors import reading
from ledger import statements
from members.page import Card
from rewards import programme
from rewards.rules import POINTS
from rewards.standing import tiers


def show(member_id: str) -> Card | None:
    """Her points and her way to the next tier; nothing before there is a programme."""
    with reading() as session:
        rules = programme.current(session)
        if rules is None:
            return None
        standing = tiers.standing(session, member_id, rules, clock.now())
        balances = statements.balances(session, member_id, POINTS)
    return Card("rewards/card.html", {"balances": balances, "standing": standing})
