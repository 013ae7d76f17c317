"""Standing as data and arithmetic: what is counted, what counts as 100, what it weighs. Pure.

Facts move counters (`counted`), counters make four components of 0 to 100 each (`measure`), and
published weights make one number of 0 to 100 out of them. Everything is whole numbers and every
division rounds down, so two people who did the same stand the same.

- *duration*: how long somebody is a customer. 100 × days since the first paid order ÷ `full_days`.
  Being there is the one thing nobody can hurry, and the cheapest sign of attachment there is.
- *loyalty*: comes back. Half of it orders (100 × orders kept ÷ `full_orders`), half what they came
  to (100 × value kept ÷ `full_spend`), each at most 100: neither a single large order nor many
  tiny ones is loyalty. An order given back by a third is two thirds of an order.
- *reliability*: keeps what was agreed. 100 × orders kept ÷ orders paid, × orders paid ÷
  `reliable_orders` until there are that many (one kept order is little evidence: the idea of
  Laplace's rule of succession, in a form a member can check in his head), less `fold_costs` for
  each post of his that was folded and not restored.
- *influence*: what others have of it. Each friend who bought and kept it, each accepted answer and
  each review of something bought counts so much, to 100. A fact never carries a review's stars.

Loyalty, reliability and influence look at the window only; duration looks at all time. A refund
counts on the day it is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from rewards.documents import Document, Objection, objection

Window = Literal["rolling", "calendar_year"]
Percent = Annotated[int, Field(ge=0, le=100)]
Many = Annotated[int, Field(ge=1, le=36_500)]

#: The four components, in the order in which they are shown.
COMPONENTS = ("duration", "loyalty", "reliability", "influence")

#: What counters count. Orders kept are counted in thousandths, so that a third can go back.
ORDERS, KEPT, SPENT, FRIENDS, ANSWERS, REVIEWS, FOLDS = range(7)
NAMES = ("orders", "kept", "spent", "friends", "answers", "reviews", "folds")
#: An order of so much in one: ORDERS, KEPT and SPENT.
PAID = len(NAMES)
WHOLE = 1_000

#: The facts that move counters.
KINDS = frozenset(
    {
        "order.paid",
        "order.refunded",
        "referral.qualified",
        "answer.accepted",
        "review.published",
        "post.folded",
        "post.restored",
    }
)


class Weights(Document):
    """How much each component weighs, in per cent; together 100."""

    duration: Percent = 20
    loyalty: Percent = 30
    reliability: Percent = 15
    influence: Percent = 35


class StandingRules(Document):
    """How standing is measured and tiers are kept.

    `window` is the calendar year, or the last `Programme.standing_window_days` days. `grace_days`
    is how long a tier is kept after falling below it. `full_spend` is in minor units of the
    programme's currency.
    """

    weights: Weights = Weights()
    window: Window = "rolling"
    grace_days: Annotated[int, Field(ge=0, le=366)] = 30
    full_days: Many = 730
    full_orders: Many = 8
    full_spend: Annotated[int, Field(ge=1, le=10**12)] = 40_000
    reliable_orders: Many = 3
    fold_costs: Percent = 20
    friend_counts: Percent = 20
    answer_counts: Percent = 5
    review_counts: Percent = 4


class Measured(NamedTuple):
    """A standing of 0 to 100 and the four components it is made of."""

    total: int = 0
    duration: int = 0
    loyalty: int = 0
    reliability: int = 0
    influence: int = 0

    def component(self, name: str) -> int:
        """One component by its name."""
        return int(getattr(self, name))


Sums = Sequence[int]
#: What a fact counts: what, and how much.
Moves = Sequence[tuple[int, int]]

#: Nobody heard of yet.
NOTHING = Measured()

#: What facts count that are worth the same whatever they say.
_PLAIN: Mapping[str, Moves] = {
    "referral.qualified": [(FRIENDS, 1)],
    "answer.accepted": [(ANSWERS, 1)],
    "post.folded": [(FOLDS, 1)],
    "post.restored": [(FOLDS, -1)],
}


def counted(kind: str, details: Mapping[str, Any]) -> Moves:
    """What a fact adds to its member's counters, in all currencies (`SPENT`: see `currency_of`)."""
    if kind == "order.paid":
        total = _number(details.get("total"))
        return [(ORDERS, 1), (KEPT, WHOLE), (SPENT, total)] if total > 0 else []
    if kind == "order.refunded":
        return _given_back(details)
    if kind == "review.published":
        return [(REVIEWS, 1)] if details.get("verified") else []
    return _PLAIN.get(kind, ())


def _given_back(details: Mapping[str, Any]) -> Moves:
    total, amount = _number(details.get("total")), _number(details.get("amount"))
    so_far = _number(details.get("refunded_total"))
    if total <= 0 or amount <= 0:
        return []
    share = _thousandths(so_far, total) - _thousandths(so_far - amount, total)
    return [(KEPT, -share), (SPENT, -amount)]


def _thousandths(part: int, total: int) -> int:
    return WHOLE * min(max(part, 0), total) // total


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def currency_of(details: Mapping[str, Any]) -> str:
    """The currency a fact's money is in."""
    return str(details.get("currency") or "")


def is_customer_by(kind: str, details: Mapping[str, Any]) -> bool:
    """Whether a fact makes somebody a customer: duration counts from the first one."""
    return kind == "order.paid" and _number(details.get("total")) > 0


def measure(rules: StandingRules, sums: Sums, since: int | None, day: int) -> Measured:
    """Standing on `day` (an ordinal) of a customer since `since` with the window's `sums`."""
    return together(rules, duration(rules, since, day), *components(rules, sums))


def components(rules: StandingRules, sums: Sums) -> tuple[int, int, int]:
    """Loyalty, reliability, influence: all that is counted, and time does not move."""
    stayed = kept(sums)
    return loyalty(rules, sums, stayed), reliability(rules, sums, stayed), influence(rules, sums)


def together(
    rules: StandingRules, long: int, loyal: int, reliable: int, influential: int
) -> Measured:
    """The components and what they weigh together."""
    weights = rules.weights
    total = (
        weights.duration * long
        + weights.loyalty * loyal
        + weights.reliability * reliable
        + weights.influence * influential
    ) // 100
    return Measured(total, long, loyal, reliable, influential)


def duration(rules: StandingRules, since: int | None, day: int) -> int:
    """100 × days as a customer ÷ `full_days`."""
    return 0 if since is None or day <= since else min(100, 100 * (day - since) // rules.full_days)


def loyalty(rules: StandingRules, sums: Sums, stayed: int) -> int:
    """Half orders kept, half their value; `stayed` is `kept(sums)`."""
    orders, value = WHOLE * rules.full_orders, sums[SPENT]
    by_orders = 100 * stayed // orders if stayed < orders else 100
    by_value = 100 * value // rules.full_spend if value < rules.full_spend else 100
    return (by_orders + max(by_value, 0)) // 2


def reliability(rules: StandingRules, sums: Sums, stayed: int) -> int:
    """The share of orders kept, less for few orders, less for folds; `stayed` is `kept(sums)`."""
    orders, folds, enough = sums[ORDERS], sums[FOLDS], rules.reliable_orders
    if orders < 1:
        return 0
    evidence = orders if orders < enough else enough
    share = 100 * stayed * evidence // (WHOLE * orders * enough)
    return max(0, share - rules.fold_costs * folds) if folds > 0 else share


def influence(rules: StandingRules, sums: Sums) -> int:
    """What friends, answers and reviews count, to 100."""
    counts = (
        rules.friend_counts * sums[FRIENDS]
        + rules.answer_counts * sums[ANSWERS]
        + rules.review_counts * sums[REVIEWS]
    )
    return counts if counts < 100 else 100


def kept(sums: Sums) -> int:
    """Orders kept, in thousandths: refunds of orders before the window do not go below none."""
    stayed, paid = sums[KEPT], WHOLE * sums[ORDERS]
    if stayed > paid:
        stayed = paid
    return stayed if stayed > 0 else 0


def first_day(rules: StandingRules, window_days: int, day: int) -> int:
    """The first day that the window ending on `day` looks at."""
    if rules.window == "calendar_year":
        return date(date.fromordinal(day).year, 1, 1).toordinal()
    return day - window_days + 1


def leaves_on(rules: StandingRules, window_days: int, day: int) -> int:
    """The day on which what was counted on `day` counts no more."""
    if rules.window == "calendar_year":
        return new_year_after(day)
    return day + window_days


def new_year_after(day: int) -> int:
    """The next 1 January after `day`."""
    return date(date.fromordinal(day).year + 1, 1, 1).toordinal()


def is_new_year(day: int) -> bool:
    """Whether `day` is a 1 January."""
    then = date.fromordinal(day)
    return (then.month, then.day) == (1, 1)


def rises_on(rules: StandingRules, now: Measured, since: int | None, target: int) -> int | None:
    """The day on which time alone lifts standing to `target`; None when it never does.

    `now` is the present standing: its other components stay what they are.
    """
    weight = rules.weights.duration
    if since is None or weight == 0:
        return None
    rest = (
        rules.weights.loyalty * now.loyalty
        + rules.weights.reliability * now.reliability
        + rules.weights.influence * now.influence
    )
    needed = -(-(100 * target - rest) // weight)
    if not now.duration < needed <= 100:
        return None
    return since - (-needed * rules.full_days // 100)


def objections(rules: StandingRules | None) -> Iterator[Objection]:
    """What keeps standing from being published."""
    if rules is None:
        return
    weights = rules.weights
    total = sum(getattr(weights, name) for name in COMPONENTS)
    if total != 100:
        yield objection(
            "standing-influence",
            "The four weights are %(total)s together. They must be 100.",
            total=total,
        )
    if (
        not (rules.friend_counts or rules.answer_counts or rules.review_counts)
        and weights.influence
    ):
        yield objection(
            "standing-friend_counts",
            "Nothing counts for influence, so nobody could have any. Let one of the three count.",
        )
