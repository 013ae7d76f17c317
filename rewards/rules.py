"""The programme as a document, and the one engine that says what a fact earns. Pure.

Nothing here knows a database, a clock or a request. Earning asks `awards` as facts happen,
replaying asks it about facts of the past; whatever the engine needs to know about a member comes
from `State`.

Rounding: every step rounds down to whole points, first the rule's own amount, then the tier's
percentage. A member never gets a fraction more than promised, and refunds take back rounded down
too (`clawing_back`), so never more than was given.

A fact does not carry the stars of a review, so no rule can pay for praise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field

from foundation import money
from rewards import items, perks
from rewards.documents import Amount, Document, Key
from rewards.documents import Objection as Objection
from rewards.documents import Texts as Texts
from rewards.documents import objection as _objection
from rewards.items import Item as Item
from rewards.perks import Perk

#: What the programme counts in.
POINTS = "points"

Who = Literal["member", "referrer", "friend"]
Kind = Literal["fixed", "per_currency_unit", "percent"]
Hold = Literal["return_period", "none"]


class Tier(Document):
    """A rank: reached at `standing_min` points of standing, multiplies what tier rules earn."""

    key: Key
    name: Texts
    standing_min: Amount
    earn_percent: Annotated[int, Field(ge=1, le=1_000)] = 100


class EarningRule(Document):
    """What one kind of fact earns.

    `amount` is points (`fixed`), points for each whole unit of the programme's currency
    (`per_currency_unit`) or per cent of the order's value in such units (`percent`).
    Caps are the most points this rule gives one member in a calendar month (UTC) or ever.
    """

    key: Key
    fact: str
    name: Texts
    who: Who = "member"
    kind: Kind = "fixed"
    amount: Amount
    commodity: Literal["points"] = "points"
    hold: Hold = "none"
    verified_only: bool = False
    tier_applies: bool = False
    cap_per_month: Amount | None = None
    cap_per_member: Amount | None = None


class Programme(Document):
    """Everything that is promised. `currency` is the one that `per_currency_unit` counts in;
    orders in another currency earn nothing by such rules, for a yen is not a dollar."""

    currency: str = "USD"
    return_days: Annotated[int, Field(ge=0, le=365)] = 14
    standing_window_days: Annotated[int, Field(ge=30, le=3_650)] = 365
    tiers: tuple[Tier, ...]
    earning: tuple[EarningRule, ...]
    catalogue: tuple[Item, ...] = ()
    perks: tuple[Perk, ...] = ()

    def tier(self, key: str) -> Tier | None:
        """The tier called `key`, if this version has it."""
        return next((tier for tier in self.tiers if tier.key == key), None)

    def rule(self, key: str) -> EarningRule | None:
        """The earning rule called `key`, if this version has it."""
        return next((rule for rule in self.earning if rule.key == key), None)

    def item(self, key: str) -> Item | None:
        """The catalogue's item called `key`, if this version has it."""
        return next((item for item in self.catalogue if item.key == key), None)

    def perk(self, key: str) -> Perk | None:
        """The perk called `key`, if this version has it."""
        return next((perk for perk in self.perks if perk.key == key), None)


@dataclass(frozen=True)
class FactKind:
    """What rules may say about a kind of fact."""

    who: tuple[Who, ...]
    has_value: bool = False  # details carry total and currency
    has_order: bool = False  # rests on an order, so refunds take it back and holds make sense


#: The facts that can earn. Joining is not among them: nobody is paid for recruiting as such.
FACTS: Mapping[str, FactKind] = {
    "order.paid": FactKind(("member",), has_value=True, has_order=True),
    "referral.purchased": FactKind(("referrer", "friend"), has_value=True, has_order=True),
    "review.published": FactKind(("member",)),
    "answer.accepted": FactKind(("member",)),
    "topic.started": FactKind(("member",)),
    "post.written": FactKind(("member",)),
    "member.verified": FactKind(("member",)),
}


@dataclass(frozen=True)
class Happened:
    """A fact as the engine sees it, live or of the past."""

    id: str
    kind: str
    subject: str
    member_id: str | None
    at: datetime
    details: Mapping[str, Any]


@dataclass(frozen=True)
class Award:
    """What one rule gives one member for one fact; `amount` 0 when a cap took all of it."""

    rule: str
    member_id: str
    amount: int
    commodity: str
    tier: str
    basis: str | None  # "order:<id>": what it is taken back with
    is_held: bool
    capped: int = 0  # points that a cap withheld


class State(Protocol):
    """What the engine must know of members: their tier and what rules gave them so far."""

    def tier(self, member_id: str) -> Tier:
        """The tier the member was in before this moment: what happens in it is not seen yet."""

    def given(self, member_id: str, rule: str, month: str | None) -> int:
        """Points `rule` gave the member in `month` ("2026-03"), or ever when None."""


def awards(programme: Programme, fact: Happened, state: State) -> list[Award]:
    """What `programme` promises for `fact`; an award for every rule and person it speaks of."""
    given = []
    for rule in programme.earning:
        if rule.fact == fact.kind and (award := _award(programme, rule, fact, state)) is not None:
            given.append(award)
    return given


def _award(programme: Programme, rule: EarningRule, fact: Happened, state: State) -> Award | None:
    member_id = receiver(rule, fact)
    if member_id is None or (rule.verified_only and not fact.details.get("verified")):
        return None
    tier = state.tier(member_id)
    amount = base_amount(programme, rule, fact)
    if rule.tier_applies:
        amount = amount * tier.earn_percent // 100
    if amount <= 0:
        return None
    allowed = min(amount, _room_under_caps(rule, member_id, fact, state))
    return Award(
        rule=rule.key,
        member_id=member_id,
        amount=allowed,
        commodity=rule.commodity,
        tier=tier.key,
        basis=basis_of(fact),
        is_held=rule.hold == "return_period" and programme.return_days > 0,
        capped=amount - allowed,
    )


def receiver(rule: EarningRule, fact: Happened) -> str | None:
    """Who gets it; nobody when a friend is her own referrer."""
    friend = fact.details.get("friend")
    if FACTS[fact.kind].who != ("member",) and friend == fact.member_id:
        return None
    return friend if rule.who == "friend" else fact.member_id


def base_amount(programme: Programme, rule: EarningRule, fact: Happened) -> int:
    """Points before tier and caps, rounded down."""
    if rule.kind == "fixed":
        return rule.amount
    total, currency = fact.details.get("total"), fact.details.get("currency")
    if not isinstance(total, int) or total <= 0 or currency != programme.currency:
        return 0
    unit: int = 10 ** money.exponent(programme.currency)
    return total * rule.amount // (unit * 100 if rule.kind == "percent" else unit)


def basis_of(fact: Happened) -> str | None:
    """The order a grant rests on: when it is refunded, its share of the grant goes back."""
    if not FACTS[fact.kind].has_order:
        return None
    return order_reference(fact.details.get("order") or fact.subject)


def order_reference(order: str) -> str:
    """`order:<id>`, whether the fact named the order with or without its prefix."""
    return order if order.startswith("order:") else f"order:{order}"


def month_of(moment: datetime) -> str:
    """The calendar month (UTC) that monthly caps count in: "2026-03"."""
    return f"{moment:%Y-%m}"


def _room_under_caps(rule: EarningRule, member_id: str, fact: Happened, state: State) -> int:
    room = 2**62
    if rule.cap_per_month is not None:
        given = state.given(member_id, rule.key, month_of(fact.at))
        room = min(room, rule.cap_per_month - given)
    if rule.cap_per_member is not None:
        room = min(room, rule.cap_per_member - state.given(member_id, rule.key, None))
    return max(room, 0)


def tier_of(programme: Programme, standing: int) -> Tier:
    """The highest tier that `standing` reaches; the first one for everybody."""
    reached = [tier for tier in programme.tiers if tier.standing_min <= standing]
    return reached[-1] if reached else programme.tiers[0]


def next_tier(programme: Programme, standing: int) -> Tier | None:
    """The tier after the present one, or None at the top."""
    return next((tier for tier in programme.tiers if tier.standing_min > standing), None)


def share_taken_back(amount: int, refunded: int, total: int) -> int:
    """How much of a grant of `amount` must be back once `refunded` of `total` was refunded."""
    if total <= 0 or refunded >= total:
        return amount
    return amount * max(refunded, 0) // total


# What an owner may not publish, in sentences.


def objections(programme: Programme) -> list[Objection]:
    """Everything that keeps a well-formed programme from being published."""
    return [
        *_about_texts(programme),
        *_about_tiers(programme.tiers),
        *_about_earning(programme),
        *items.objections(programme.catalogue, [tier.key for tier in programme.tiers]),
        *perks.objections(programme.perks, [tier.key for tier in programme.tiers]),
    ]


def _about_texts(programme: Programme) -> Iterator[Objection]:
    if not money.is_currency(programme.currency):
        yield _objection(
            "currency",
            "“%(code)s” is not a currency. Write three letters such as USD.",
            code=programme.currency,
        )
    parts: Mapping[str, Sequence[Tier | EarningRule | Item]] = {
        "tiers": programme.tiers,
        "earning": programme.earning,
        "catalogue": programme.catalogue,
    }
    for name, entries in parts.items():
        seen: set[str] = set()
        for number, entry in enumerate(entries):
            if not entry.name.get("en", "").strip():
                yield _objection(f"{name}-{number}-name_en", "Give it a name in English.")
            if entry.key in seen:
                yield _objection(
                    f"{name}-{number}-key",
                    "“%(key)s” is used twice here. Every row needs its own key.",
                    key=entry.key,
                )
            seen.add(entry.key)


def _about_tiers(tiers: Sequence[Tier]) -> Iterator[Objection]:
    if not tiers:
        yield _objection("tiers", "Keep at least one tier: everybody starts in it.")
        return
    if tiers[0].standing_min != 0:
        yield _objection(
            "tiers-0-standing_min", "The first tier must start at 0: everybody begins there."
        )
    for number in range(1, len(tiers)):
        if tiers[number].standing_min <= tiers[number - 1].standing_min:
            yield _objection(
                f"tiers-{number}-standing_min",
                "Ask for more than the tier before it, which starts at %(least)s.",
                least=tiers[number - 1].standing_min,
            )


def _about_earning(programme: Programme) -> Iterator[Objection]:
    for number, rule in enumerate(programme.earning):
        place = f"earning-{number}"
        known = FACTS.get(rule.fact)
        if known is None:
            yield _objection(f"{place}-fact", "Nothing of this kind can earn points.")
            continue
        yield from _about_rule(place, rule, known)


def _about_rule(place: str, rule: EarningRule, known: FactKind) -> Iterator[Objection]:
    if rule.who not in known.who:
        yield _objection(
            f"{place}-who",
            "Choose the referrer or the friend for a referral, and the member for all else.",
        )
    if rule.kind != "fixed" and not known.has_value:
        yield _objection(f"{place}-kind", "Only orders have a value: choose a fixed amount here.")
    if rule.amount < 1:
        yield _objection(f"{place}-amount", "Give at least 1, or remove the rule.")
    if rule.hold == "return_period" and not known.has_order:
        yield _objection(
            f"{place}-hold", "Only what rests on an order can wait for its return period."
        )
    if rule.verified_only and rule.fact != "review.published":
        yield _objection(f"{place}-verified_only", "Only reviews can ask for a verified purchase.")
    if rule.cap_per_month is not None and rule.cap_per_month < 1:
        yield _objection(
            f"{place}-cap_per_month", "A limit of 0 pays nothing: leave it empty or raise it."
        )
    if rule.cap_per_member is not None and rule.cap_per_member < 1:
        yield _objection(
            f"{place}-cap_per_member", "A limit of 0 pays nothing: leave it empty or raise it."
        )


def read(document: Mapping[str, Any]) -> Programme:
    """The programme a stored document says; ValidationError when it is none."""
    return Programme.model_validate(document)
