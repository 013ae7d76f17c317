"""What the engine hears of: kinds of facts, and a fact as the rules see it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

Side = Literal["member", "referrer", "friend"]


@dataclass(frozen=True)
class FactKind:
    """What rules may say about a kind of fact."""

    who: tuple[Side, ...]
    has_value: bool = False  # details carry total and currency
    has_order: bool = False  # rests on an order, so refunds take it back and holds make sense
    has_products: bool = False  # says of which products it is
    has_channel: bool = False  # says by which channel the friend came


#: A stamp card is full: no rule of the owner speaks of it, its card does (rewards/cards).
CARD_FILLED = "card.filled"
#: A newcomer is due a welcome voucher: likewise.
WELCOMED = "member.welcomed"
#: A friend's first order: rewarded once it is clear that it counts, and part of it may be back by
#: then.
REFERRED = "referral.purchased"
#: Facts that no rule of the owner can name.
WRITTEN = frozenset({CARD_FILLED, WELCOMED})

#: The facts that can earn. Joining is not among them: nobody is paid for recruiting as such.
#: Of those of the same moment, the earlier in this table are worked off first.
FACTS: Mapping[str, FactKind] = {
    "order.paid": FactKind(("member",), has_value=True, has_order=True, has_products=True),
    CARD_FILLED: FactKind(("member",), has_order=True),
    REFERRED: FactKind(
        ("referrer", "friend"), has_value=True, has_order=True, has_products=True, has_channel=True
    ),
    "review.published": FactKind(("member",), has_products=True),
    "answer.accepted": FactKind(("member",)),
    "topic.started": FactKind(("member",)),
    "post.written": FactKind(("member",)),
    "member.verified": FactKind(("member",)),
    WELCOMED: FactKind(("member",)),
}


class Happened(NamedTuple):
    """A fact as the engine sees it, live or of the past."""

    id: str
    kind: str
    subject: str
    member_id: str | None
    at: datetime
    details: Mapping[str, Any]


def products_of(fact: Happened) -> Mapping[str, int]:
    """The products a fact is about, by slug, with the value of their lines in minor units.

    A review is about one product and has no value.
    """
    products = fact.details.get("products")
    if isinstance(products, Mapping):
        return products
    slug = fact.details.get("slug")
    return {slug: 0} if isinstance(slug, str) else {}


def is_second_account(details: Mapping[str, Any]) -> bool:
    """Whether a fact of these details tells of an account whose mailbox had another one first."""
    return details.get("same_mailbox") is True


#: Where what a fact is about has its page for the member it speaks of, by kind of subject.
PLACES: Mapping[str, str] = {
    "order": "/me/orders/{}",
    "review": "/reviews/{}",
    "post": "/posts/{}",
    "topic": "/topics/{}",
    "referral": "/me/referrals#referral-{}",
}


def place_of(subject: str) -> str | None:
    """The page of what a fact is about, for its own member; None when it has none."""
    kind, _colon, identifier = subject.partition(":")
    return PLACES[kind].format(identifier) if kind in PLACES else None


def pieces_of(fact: Happened, product: str) -> int:
    """How many pieces of a product an order has; one where the fact does not say."""
    pieces = fact.details.get("pieces")
    told = pieces.get(product) if isinstance(pieces, Mapping) else None
    return told if isinstance(told, int) and told > 0 else 1


def basis_of(fact: Happened) -> str | None:
    """The order a grant rests on: when it is refunded, its share of the grant goes back.

    A full card says itself what its reward rests on.
    """
    if not FACTS[fact.kind].has_order:
        return None
    if "basis" in fact.details:
        return str(fact.details["basis"])
    return order_reference(fact.details.get("order") or fact.subject)


def order_reference(order: str) -> str:
    """`order:<id>`, whether the fact named the order with or without its prefix."""
    return order if order.startswith("order:") else f"order:{order}"


def month_of(moment: datetime) -> str:
    """The calendar month (UTC) that monthly caps and budgets count in: "2026-03"."""
    return f"{moment.year:04}-{moment.month:02}"


def day_of(moment: datetime) -> str:
    """The calendar day (UTC) that daily caps count in: "2026-03-03"."""
    return f"{moment.year:04}-{moment.month:02}-{moment.day:02}"
