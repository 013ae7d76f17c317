"""Perks as data: added value that a tier carries or that somebody earns for a while. Pure.

Two keys mean something to other rooms, which ask `entitlements` for them; any other key is the
owner's own, shown to members and honoured by people.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field

from rewards.documents import Document, Key, Objection, Texts, objection

#: Questions and rants stand first in the staff's list, and are answered sooner if the perk says so.
PRIORITY_ANSWERS = "priority_answers"
#: What is ordered is promised some days sooner.
EARLY_DELIVERY = "early_delivery"
KNOWN = (PRIORITY_ANSWERS, EARLY_DELIVERY)

#: Her address is confirmed: earns once for a mailbox, whatever accounts it has.
CONFIRMED = "member.verified"
#: Facts that can earn a perk. None rests on an order (a refund would have to take the perk back),
#: and none is a referral.
EARNING_FACTS = (
    "answer.accepted",
    "review.published",
    "topic.started",
    "post.written",
    CONFIRMED,
)


class Perk(Document):
    """Something a member is entitled to.

    `tiers` carry it as long as somebody is in them. `earned_for` gives it to whoever brings about
    such a fact, for `earned_days`. `answer_percent` is the part of a club's promise within which a
    priority answer comes; `days_sooner` how much earlier an order is promised.
    """

    key: Key
    name: Texts
    description: Texts = Field(default_factory=dict)
    tiers: tuple[Key, ...] = ()
    earned_for: str | None = None
    earned_days: Annotated[int, Field(ge=1, le=365)] = 30
    answer_percent: Annotated[int, Field(ge=10, le=100)] = 100
    days_sooner: Annotated[int, Field(ge=0, le=30)] = 0


def answer_hours(perk: Perk, promised: int) -> int:
    """Business hours within which whoever has `perk` is answered; at least one."""
    return max(1, promised * perk.answer_percent // 100)


def objections(perks: Sequence[Perk], tiers: Sequence[str]) -> Iterator[Objection]:
    """What keeps perks from being published; `tiers` are the keys of the programme's."""
    seen: set[str] = set()
    for number, perk in enumerate(perks):
        place = f"perks-{number}"
        if not perk.name.get("en", "").strip():
            yield objection(f"{place}-name_en", "Give it a name in English.")
        if perk.key in seen:
            yield objection(
                f"{place}-what", "There are two perks of this kind. Keep one and remove the other."
            )
        seen.add(perk.key)
        if any(key not in tiers for key in perk.tiers):
            yield objection(
                f"{place}-tiers", "There is no such tier any more. Choose one of the present ones."
            )
        if perk.earned_for is not None and perk.earned_for not in EARNING_FACTS:
            yield objection(f"{place}-earned_for", "Nothing of this kind can earn a perk.")
