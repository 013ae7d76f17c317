"""Newcomers: whom a fact makes welcome, and by which voucher; live and in replays. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rewards.cards.rules import WelcomeVoucher
from rewards.happenings import Happened
from rewards.rules import Programme

#: What can entitle to one. A lead is told of once the friend's address is confirmed.
KINDS = ("member.verified", "referral.lead", "order.paid")
#: What tells that somebody's mailbox had an account before; recorded ahead of all these.
SAME_MAILBOX = "member.same_mailbox"


def welcomed(
    rules: Programme,
    fact: Happened,
    is_proven: Callable[[str], bool],
    is_second: Callable[[str], bool],
    bought: Callable[[str], int],
) -> Iterator[tuple[str, WelcomeVoucher]]:
    """Whom a fact entitles to which voucher, as far as she has not had it before.

    `is_proven(member)` says whether her address is confirmed, `is_second(member)` whether another
    account of the same mailbox came first, `bought(member)` how many orders she has paid so far.
    """
    if fact.kind == "referral.lead":
        friend = str(fact.details["friend"])
        if not is_second(friend):
            yield from ((friend, each) for each in rules.welcome if each.friends_only)
        return
    who, open_to_all = fact.member_id, [each for each in rules.welcome if not each.friends_only]
    if who is None or not open_to_all or is_second(who):
        return
    if fact.kind == "member.verified":
        orders = bought(who) if any(each.after_orders for each in open_to_all) else 0
        yield from ((who, each) for each in open_to_all if each.after_orders <= orders)
        return
    due = [each for each in open_to_all if each.after_orders == fact.details.get("number")]
    if due and is_proven(who):
        yield from ((who, each) for each in due)
