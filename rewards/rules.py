"""The programme as a document, and what an owner may not publish. Pure.

Nothing here knows a database, a clock or a request. `engine` says what a fact earns by these rules.

A fact does not carry the stars of a review, so no rule can pay for praise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from foundation import money
from rewards import conditions
from rewards.budgets import rules as budgets
from rewards.budgets.rules import Budget as Budget
from rewards.cards import rules as cards
from rewards.cards.rules import StampCard as StampCard
from rewards.cards.rules import WelcomeVoucher as WelcomeVoucher
from rewards.catalogue import items
from rewards.catalogue.items import Item as Item
from rewards.conditions import ALWAYS as ALWAYS
from rewards.conditions import Condition as Condition
from rewards.documents import POINTS as POINTS
from rewards.documents import VOUCHER as VOUCHER
from rewards.documents import Amount, Document, Key, RuleKey, about_names
from rewards.documents import Objection as Objection
from rewards.documents import Texts as Texts
from rewards.documents import objection as _objection
from rewards.happenings import CARD_FILLED, WELCOMED, WRITTEN, FactKind
from rewards.happenings import FACTS as FACTS
from rewards.happenings import Happened as Happened
from rewards.happenings import month_of as month_of
from rewards.happenings import order_reference as order_reference
from rewards.perks import rules as perks
from rewards.perks.rules import Perk
from rewards.standing.rules import StandingRules
from rewards.standing.rules import objections as _about_standing
from rewards.topups import rules as topups
from rewards.topups.rules import TopUp as TopUp

Who = Literal["member", "referrer", "friend", "both"]
Kind = Literal["fixed", "per_currency_unit", "percent"]
Gives = Literal["points", "money", "voucher"]
Hold = Literal["return_period", "days", "none"]
Days = Annotated[int, Field(ge=1, le=3_650)]
#: What a rule gives: points, minor units, or per cent.
Given = Annotated[int, Field(ge=0, le=10**12)]
#: More points than this for one thing is a slip of the keyboard.
MOST_POINTS = 1_000_000
#: More vouchers than this for one thing likewise.
MOST_VOUCHERS = 10


#: The fields that limit what a rule gives one member.
CAPS = ("cap_per_day", "cap_per_month", "cap_per_member")


class Tier(Document):
    """A rank: reached at a standing of `standing_min`, multiplies what tier rules earn.

    `benefits` are what the owner promises besides, in words.
    """

    key: Key
    name: Texts
    standing_min: Amount
    earn_percent: Annotated[int, Field(ge=1, le=1_000)] = 100
    benefits: Annotated[tuple[Texts, ...], Field(max_length=12)] = ()


class EarningRule(Document):
    """What one kind of fact earns, `when` its condition is met.

    `amount` is points (`fixed`), points for each whole unit of the programme's currency
    (`per_currency_unit`) or per cent of the order's value in such units (`percent`). A rule for
    `both` sides of a referral gives the referrer `amount` and the friend `friend_amount`.

    Where `commodity` is `money` it gives store credit in the programme's currency: `amount` is
    minor units (`fixed`) or per cent of the order's value, rounded down to a minor unit
    (`percent`); the ledger's commodity is then the code of the currency.

    Where `commodity` is `voucher` it gives `amount` vouchers of the catalogue's item `voucher`, at
    once: they are never held, and no tier raises their number.
    `expires_after_days` is then how long they are good, instead of what the item says.

    Caps are the most (points, minor units) this rule gives one member in a calendar day or month
    (UTC) or ever; what it gives all members together is limited by budgets (`budgets`). What it
    gives is held for the return period or `hold_days`, and expires that many days after it can be
    spent.
    """

    key: RuleKey
    fact: str
    name: Texts
    who: Who = "member"
    kind: Kind = "fixed"
    amount: Given
    friend_amount: Given | None = None
    when: Condition = ALWAYS
    commodity: Gives = "points"
    voucher: Key | None = None
    hold: Hold = "none"
    hold_days: Days | None = None
    expires_after_days: Days | None = None
    verified_only: bool = False
    tier_applies: bool = False
    cap_per_day: Given | None = None
    cap_per_month: Given | None = None
    cap_per_member: Given | None = None

    @property
    def gives_points(self) -> bool:
        return self.commodity == "points"

    @property
    def amounts(self) -> Mapping[str, int]:
        """Every amount that it states, by its field."""
        stated = {name: getattr(self, name) for name in ("amount", "friend_amount", *CAPS)}
        return {name: amount for name, amount in stated.items() if amount is not None}


class Programme(Document):
    """Everything that is promised. `currency` is the one that store credit is given in and that
    `per_currency_unit` and `percent` count in; orders in another currency earn nothing by such
    rules, for a yen is not a dollar.

    `standing` says how standing is weighed, 0 to 100. Without it (versions of before) standing is
    the points granted in the window, less those taken back.
    """

    currency: str = "USD"
    return_days: Annotated[int, Field(ge=0, le=365)] = 14
    standing_window_days: Annotated[int, Field(ge=30, le=3_650)] = 365
    standing: StandingRules | None = None
    tiers: tuple[Tier, ...]
    earning: tuple[EarningRule, ...]
    catalogue: tuple[Item, ...] = ()
    perks: tuple[Perk, ...] = ()
    budgets: tuple[Budget, ...] = ()
    cards: tuple[StampCard, ...] = ()
    welcome: tuple[WelcomeVoucher, ...] = ()
    topups: tuple[TopUp, ...] = ()
    worth_of_100: Annotated[int, Field(ge=1, le=10**9)] | None = None  # minor units

    def tier(self, key: str) -> Tier | None:
        """The tier called `key`, if this version has it."""
        return next((tier for tier in self.tiers if tier.key == key), None)

    def rule(self, key: str) -> EarningRule | None:
        """The rule called `key`, if this version has it, also one that a card or welcome writes."""
        found = next((rule for rule in self.earning if rule.key == key), None)
        return found or next((rule for rule in self._written if rule.key == key), None)

    @property
    def paying(self) -> tuple[EarningRule, ...]:
        """Every rule that gives something: also those that cards and welcome vouchers write."""
        return (*self.earning, *self._written)

    @property
    def _written(self) -> Iterator[EarningRule]:
        yield from map(rule_of, self.cards)
        yield from map(rule_of_welcome, self.welcome)

    def card(self, key: str) -> StampCard | None:
        """The stamp card called `key`, if this version has it."""
        return next((card for card in self.cards if card.key == key), None)

    def welcome_by(self, rule: str) -> WelcomeVoucher | None:
        """The welcome voucher that this rule gives, if this version has it."""
        return next((each for each in self.welcome if each.rule == rule), None)

    def item(self, key: str) -> Item | None:
        """The catalogue's item called `key`, if this version has it."""
        return next((item for item in self.catalogue if item.key == key), None)

    def perk(self, key: str) -> Perk | None:
        """The perk called `key`, if this version has it."""
        return next((perk for perk in self.perks if perk.key == key), None)

    def topup(self, key: str) -> TopUp | None:
        """The top-up offer called `key`, if this version has it."""
        return next((offer for offer in self.topups if offer.key == key), None)


def commodity_of(programme: Programme, rule: EarningRule) -> str:
    """What a rule's awards are counted in: points, the code of a currency, or vouchers."""
    return programme.currency if rule.commodity == "money" else rule.commodity


def allowances(programme: Programme) -> tuple[budgets.Allowance, ...]:
    """The budgets of a programme, made ready to be asked."""
    return budgets.ready(
        programme.budgets, programme.worth_of_100, programme.currency, _gives(programme)
    )


def _gives(programme: Programme) -> dict[str, str]:
    return {rule.key: rule.commodity for rule in programme.paying}


def rule_of(card: StampCard) -> EarningRule:
    """The earning rule that a card writes: so much, or a voucher, once it is full."""
    if card.voucher is not None:
        return _gift(card.rule, CARD_FILLED, card.name, card.voucher)
    return EarningRule(
        key=card.rule,
        fact=CARD_FILLED,
        name=card.name,
        amount=card.points or card.credit or 0,
        commodity="points" if card.points else "money",
        hold="return_period" if card.is_held else "none",
    )


def rule_of_welcome(each: WelcomeVoucher) -> EarningRule:
    """The earning rule that a welcome voucher writes: one for whoever is due it."""
    return _gift(each.rule, WELCOMED, each.name, each.voucher, each.valid_days)


def _gift(
    key: str, fact: str, name: Texts, voucher: str, valid_days: int | None = None
) -> EarningRule:
    return EarningRule(
        key=key,
        fact=fact,
        name=name,
        amount=1,
        commodity="voucher",
        voucher=voucher,
        expires_after_days=valid_days,
    )


def receivers(rule: EarningRule, fact: Happened) -> list[tuple[str, int]]:
    """Who gets it, each with the rule's amount for her; nobody when she is her own referrer, or
    when the fact speaks of another card or welcome than the one that wrote the rule."""
    if fact.kind in WRITTEN and not _speaks_of(rule, fact):
        return []
    member_id = fact.member_id
    if FACTS[fact.kind].who == ("member",):
        return [(member_id, rule.amount)] if member_id is not None else []
    friend = fact.details.get("friend")
    if friend == member_id:
        return []
    return [
        (person, amount)
        for person, who in ((member_id, "referrer"), (friend, "friend"))
        if person is not None and (amount := side_amount(rule, who)) is not None
    ]


def _speaks_of(rule: EarningRule, fact: Happened) -> bool:
    """Whether this card or welcome wrote the rule; one whose voucher stands gives no second."""
    details = fact.details
    writer = details["rule"] if fact.kind == WELCOMED else f"{cards.RULE}{details['card']}"
    return writer == rule.key and not details.get("again")


def side_amount(rule: EarningRule, who: str) -> int | None:
    """What the rule gives one side of a referral, before value, tier and caps; None: nothing."""
    if rule.who == "both":
        return rule.friend_amount if who == "friend" else rule.amount
    return rule.amount if rule.who == who else None


def counts_times(programme: Programme) -> frozenset[str]:
    """Kinds of facts whose number a rule asks for and the fact itself does not carry."""
    asked = (rule.fact for rule in programme.earning if rule.when.counts_times)
    return frozenset(asked) - {"order.paid"}


def hold_days(programme: Programme, rule: EarningRule) -> int:
    """Days after the fact during which what a rule gives cannot be spent."""
    if rule.hold == "return_period":
        return programme.return_days
    return (rule.hold_days or 0) if rule.hold == "days" else 0


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
        *_about_tiers(programme.tiers, 100 if programme.standing else None),
        *_about_standing(programme.standing),
        *_about_earning(programme),
        *budgets.objections(programme.budgets, _gives(programme), programme.worth_of_100),
        *items.objections(programme.catalogue, [tier.key for tier in programme.tiers]),
        *perks.objections(programme.perks, [tier.key for tier in programme.tiers]),
        *cards.objections(programme.cards, programme.welcome, programme.catalogue),
        *topups.objections(programme.topups),
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
        yield from about_names(name, entries)


def _about_tiers(tiers: Sequence[Tier], most: int | None) -> Iterator[Objection]:
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
        if most is not None and tiers[number].standing_min > most:
            yield _objection(
                f"tiers-{number}-standing_min", "Standing ends at 100: nobody could reach this."
            )


def _about_earning(programme: Programme) -> Iterator[Objection]:
    tiers = frozenset(tier.key for tier in programme.tiers)
    for number, rule in enumerate(programme.earning):
        place = f"earning-{number}"
        known = FACTS.get(rule.fact)
        if known is None or rule.fact in WRITTEN:
            yield _objection(f"{place}-fact", "Nothing of this kind can earn points.")
            continue
        yield from _about_receivers(place, rule, known)
        if rule.commodity == "voucher":
            yield from cards.about_voucher(place, programme.item(rule.voucher or ""))
        yield from _about_amounts(place, rule, known)
        yield from conditions.objections(place, rule.when, known, tiers)


def _about_receivers(place: str, rule: EarningRule, known: FactKind) -> Iterator[Objection]:
    sides = (*known.who, "both") if "friend" in known.who else known.who
    if rule.who not in sides:
        yield _objection(
            f"{place}-who",
            "Choose the referrer, the friend or both for a referral, and the member for all else.",
        )
    if rule.who == "both" and not rule.friend_amount:
        yield _objection(f"{place}-friend_amount", "Say what the friend gets.")
    if rule.who != "both" and rule.friend_amount is not None:
        yield _objection(
            f"{place}-friend_amount", "Leave this empty, or choose both as those who get it."
        )
    if rule.who == "friend" and rule.when.counts_times:
        yield _objection(f"{place}-time_from", "A friend is brought only once.")


def _about_amounts(place: str, rule: EarningRule, known: FactKind) -> Iterator[Objection]:
    if rule.kind != "fixed" and not known.has_value:
        yield _objection(f"{place}-kind", "Only orders have a value: choose a fixed amount here.")
    yield from _ABOUT[rule.commodity](place, rule)
    if rule.amount < 1:
        yield _objection(f"{place}-amount", "Give at least 1, or remove the rule.")
    if rule.hold == "return_period" and not known.has_order:
        yield _objection(
            f"{place}-hold", "Only what rests on an order can wait for its return period."
        )
    if rule.hold == "days" and not rule.hold_days:
        yield _objection(f"{place}-hold_days", "Say for how many days it is held.")
    if rule.verified_only and rule.fact != "review.published":
        yield _objection(f"{place}-verified_only", "Only reviews can ask for a verified purchase.")
    for cap in CAPS:
        if getattr(rule, cap) == 0:
            yield _objection(
                f"{place}-{cap}", "A limit of 0 pays nothing: leave it empty or raise it."
            )


def _about_points(place: str, rule: EarningRule) -> Iterator[Objection]:
    for name, amount in rule.amounts.items():
        if amount > MOST_POINTS:
            yield _objection(f"{place}-{name}", "Write at most %(most)s points.", most=MOST_POINTS)


def _about_money(place: str, rule: EarningRule) -> Iterator[Objection]:
    if rule.kind == "per_currency_unit":
        yield _objection(
            f"{place}-kind",
            "Store credit is the same each time or per cent of the order's value: choose one of"
            " these.",
        )
    shares = (rule.amount, rule.friend_amount or 0) if rule.kind == "percent" else ()
    for name, share in zip(("amount", "friend_amount"), shares, strict=False):
        if share > 100:
            yield _objection(
                f"{place}-{name}", "Give back at most 100 per cent of what an order is worth."
            )


def _about_vouchers(place: str, rule: EarningRule) -> Iterator[Objection]:
    if rule.kind != "fixed":
        yield _objection(f"{place}-kind", "Vouchers are counted: choose the same each time.")
    if rule.hold != "none":
        yield _objection(
            f"{place}-hold",
            "A voucher is given at once: choose that. A refund takes back what is not used.",
        )
    if rule.tier_applies:
        yield _objection(f"{place}-tier_applies", "No tier raises a number of vouchers.")
    if max(rule.amount, rule.friend_amount or 0) > MOST_VOUCHERS:
        yield _objection(
            f"{place}-amount", "Give at most %(most)s vouchers for one thing.", most=MOST_VOUCHERS
        )


_ABOUT: Mapping[str, Callable[[str, EarningRule], Iterator[Objection]]] = {
    "points": _about_points,
    "money": _about_money,
    "voucher": _about_vouchers,
}


def read(document: Mapping[str, Any]) -> Programme:
    """The programme a stored document says; ValidationError when it is none."""
    return Programme.model_validate(document)
