"""What each state of a referral means, in words for the member who brought the friend.

One table for the page, the staff's list and the notices: whoever adds a state or a reason adds its
sentence here (a test compares with rules.STATES). Sentences know `friend`, `bought` and `release`
(dates in the reader's language) and `days` (the waiting time).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from foundation import words
from foundation.words import lazy
from referral.rules import STATES


@dataclass(frozen=True)
class Status:
    """How a state is shown: a word, the tone of its badge, and why."""

    label: Any
    tone: str
    sentence: Any


STATUSES: dict[str, Status] = {
    "lead": Status(
        lazy("Joined"),
        "info",
        lazy(
            "%(friend)s joined through your link. Points come with the first order: bringing"
            " people is not paid as such, only a sale to somebody who wants the goods."
        ),
    ),
    "doubted": Status(
        lazy("Being looked at"),
        "warn",
        lazy("%(friend)s bought on %(bought)s. Somebody of the staff looks at it first:"),
    ),
    "pending": Status(
        lazy("Pending"),
        "brass",
        lazy(
            "%(friend)s bought on %(bought)s. The order can be given back for %(days)s days, so"
            " the points are released on %(release)s."
        ),
    ),
    "released": Status(
        lazy("Released"),
        "good",
        lazy(
            "%(friend)s bought on %(bought)s and kept it: the time for giving back ended on"
            " %(release)s."
        ),
    ),
    "refused": Status(lazy("Refused"), "bad", lazy("No points come from this one:")),
    "refunded": Status(
        lazy("Given back"),
        "quiet",
        lazy(
            "%(friend)s gave the whole order of %(bought)s back before %(release)s, so nothing was"
            " earned."
        ),
    ),
}

#: A released one whose order was given back in full: what was paid for it went back too.
RETURNED = Status(
    lazy("Given back"),
    "quiet",
    lazy(
        "%(friend)s bought on %(bought)s and gave the whole order back after %(release)s, so the"
        " points went back with it."
    ),
)

#: Why a referral is refused or looked at.
REASONS: dict[str, Any] = {
    "same_mailbox": lazy("the friend's e-mail address leads to the same mailbox as yours."),
    "loop": lazy("this friend, or one of theirs, brought you here in the first place."),
    "not_new": lazy("this friend had bought here before, and the reward is for new customers."),
    "same_device": lazy("you and your friend signed in from the same browser and connection."),
    "same_address": lazy("you and your friend signed in from the same internet connection."),
    "same_person": lazy("a person of the staff found that you and your friend are one person."),
    "same_household": lazy(
        "a person of the staff found that it is an order of your own household."
    ),
    "made_up": lazy("a person of the staff found that the order was made up for the reward."),
}

#: A doubt is not a verdict: what happens next.
DOUBT = lazy("That is common in a home or an office, so this is only a question.")
PARTLY = lazy("Part of the order was given back, and the same part of the points with it.")

assert set(STATUSES) == set(STATES)


def of(state: str, *, is_returned: bool = False) -> Status:
    """How a referral in this state is shown; `is_returned` when all of its order was given back."""
    return RETURNED if is_returned and state == "released" else STATUSES[state]


def explain(
    state: str,
    *,
    friend: str,
    reason: str | None = None,
    bought: Any = None,
    release: Any = None,
    is_partly_refunded: bool = False,
    is_returned: bool = False,
) -> str:
    """Why a referral is where it is, in the reader's language. Moments are shown as dates."""
    days = (release - bought).days if bought and release else 0
    params = {
        "friend": friend,
        "bought": words.when(bought),
        "release": words.when(release),
        "days": words.number(days),
    }
    parts = [str(of(state, is_returned=is_returned).sentence) % params]
    if reason in REASONS:
        parts.append(str(REASONS[reason]))
    if state == "doubted":
        parts.append(str(DOUBT))
    if is_partly_refunded and state in ("pending", "released"):
        parts.append(str(PARTLY))
    return words.sentences(parts)
