"""The one table of what each role may do.

Moderators, staff and owners are members too. A moderator is not staff: he keeps order among
members; staff speak for the company. Owners may do what staff may.
"""

from __future__ import annotations

from typing import Literal

Role = Literal["member", "moderator", "staff", "owner"]

EVERYBODY: frozenset[Role] = frozenset({"member", "moderator", "staff", "owner"})
MODERATORS: frozenset[Role] = frozenset({"moderator"})
STAFF: frozenset[Role] = frozenset({"staff", "owner"})
OWNERS: frozenset[Role] = frozenset({"owner"})

#: What is done, and who may do it.
ACTS: dict[str, frozenset[Role]] = {
    # community and moderation
    "topic.start": EVERYBODY,
    "post.write": EVERYBODY,
    "post.report": EVERYBODY,
    "post.fold": MODERATORS,
    "topic.lock": MODERATORS,
    "report.decide": MODERATORS,
    "appeal.decide": MODERATORS | OWNERS,
    "club.edit": OWNERS,
    "promise.see": STAFF,
    # reviews
    "review.write": EVERYBODY,
    "review.vote": EVERYBODY,
    "review.reply": STAFF,
    # rewards
    "reward.redeem": EVERYBODY,
    "redemptions.fulfil": STAFF,
    "stock.count": OWNERS,
    "prepaid.take": STAFF,
    "credit.take": STAFF,
    "voucher.take": STAFF,
    "programme.edit": OWNERS,
    "programme.publish": OWNERS,
    "book.see": STAFF,  # sums, without names
    "book.export": OWNERS,
    "points.award": OWNERS,  # by hand, outside of the rules
    "perk.grant": OWNERS,
    "paper.edit": OWNERS,
    "seat.invite": OWNERS,
    # shop
    "orders.see": STAFF,
    "orders.import": OWNERS,
    "customers.see": STAFF,
    "shop.edit": OWNERS,
    # referrals
    "referrals.see": STAFF,
    "referral.decide": STAFF,
    # steering
    "funnel.see": STAFF,
    "operations.see": OWNERS,
    "acknowledgement.see": STAFF,
    "roles.grant": OWNERS,
    "api_keys.make": OWNERS,
}


def may(role: str | None, act: str) -> bool:
    """Whether somebody of `role` (None: a visitor) may do `act`; KeyError for an unlisted act."""
    return role in ACTS[act]
