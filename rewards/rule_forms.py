"""One earning rule as a row of the draft's form, with everything a rule can say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from foundation import words
from foundation.money import (
    exponent,
    format_amount,
    is_currency,
    major,
    typed_amount,
    ungrouped,
)
from foundation.refusal import Refused
from foundation.web.forms import SelectMultipleCheckboxField, WholeField, choices, sentence_of
from foundation.words import _, lazy
from rewards.conditions import Condition
from rewards.row_forms import RowForm, chosen, products_of, row_of
from rewards.rules import CAPS, EarningRule, Programme

FACT_CHOICES = (
    ("order.paid", lazy("An order is paid")),
    ("referral.purchased", lazy("A referred friend buys for the first time")),
    ("review.published", lazy("A review is published, whatever its stars")),
    ("answer.accepted", lazy("An answer is accepted")),
    ("topic.started", lazy("A topic is started")),
    ("post.written", lazy("A post is written")),
    ("member.verified", lazy("An e-mail address is confirmed")),
)
WHO_CHOICES = (
    ("member", lazy("The member")),
    ("referrer", lazy("The referrer")),
    ("friend", lazy("The friend")),
    ("both", lazy("The referrer and the friend")),
)
GIVES_CHOICES = (
    ("points", lazy("Points")),
    ("money", lazy("Store credit")),
    ("voucher", lazy("A voucher")),
)
KIND_CHOICES = (
    ("fixed", lazy("The same each time")),
    ("per_currency_unit", lazy("So many points for each unit of the order's value")),
    ("percent", lazy("Per cent of the order's value")),
)
HOLD_CHOICES = (
    ("none", lazy("Spendable at once")),
    ("return_period", lazy("Held until the return period is over")),
    ("days", lazy("Held for some days")),
)
#: How friends come, as links say it (referral/navigations.py).
CHANNEL_CHOICES = (
    ("link", lazy("Link")),
    ("qr", lazy("QR code")),
    ("mail", lazy("Mail")),
    ("wechat", "WeChat"),
    ("weibo", "Weibo"),
    ("line", "LINE"),
    ("whatsapp", "WhatsApp"),
    ("x", "X"),
    ("facebook", "Facebook"),
    ("other", lazy("Other")),
)

CONDITIONS = (
    "value_min",
    "value_max",
    "products",
    "time_from",
    "time_until",
    "every",
    "tiers",
    "channels",
    "verified_only",
)
LARGEST = 10**12


def _times(label: Any, description: Any = "") -> WholeField:
    return WholeField(label, [Optional(), NumberRange(1, 1_000_000)], description=description)


def _counted(form: RuleForm, field: StringField) -> None:
    """What is typed must be an amount of what the rule gives."""
    if field.errors:
        return  # it is too long to be one, or to be said again
    try:
        form.amount_of(field.short_name)
    except Refused as refusal:
        raise ValidationError(sentence_of(refusal)) from None


def _amount(label: Any, description: Any = "", *needed: Any) -> StringField:
    """Points as a whole number, store credit as money; what is typed comes back as it was."""
    checks = [*(needed or [Optional()]), Length(max=20), _counted]
    return StringField(label, checks, description=description)


def _days(label: Any, description: Any = "") -> WholeField:
    return WholeField(label, [Optional(), NumberRange(1, 3_650)], description=description)


class RuleForm(RowForm):
    """One earning rule; `offer` tells it the draft's tiers and currency before it is read."""

    currency = "USD"

    fact = SelectField(lazy("When"), choices=choices(FACT_CHOICES), default="order.paid")
    who = SelectField(lazy("Who gets it"), choices=choices(WHO_CHOICES), default="member")
    commodity = SelectField(
        lazy("What it gives"),
        choices=choices(GIVES_CHOICES),
        default="points",
        description=lazy(
            "Points buy what is in the catalogue. Store credit is money in the currency of order"
            " values, taken off at the shop's till; it is never paid out."
        ),
    )
    voucher = SelectField(
        lazy("Which voucher"),
        choices=[],
        default="",
        description=lazy("Of the catalogue, without points. It is given at once."),
    )
    kind = SelectField(lazy("Counted as"), choices=choices(KIND_CHOICES), default="fixed")
    amount = _amount(
        lazy("How much"),
        lazy(
            "Points: 20. Store credit: an amount of money such as 5.00. Per cent: 2. Vouchers: how"
            " many."
        ),
        InputRequired(),
    )
    friend_amount = _amount(
        lazy("How much for the friend"), lazy("Only where the referrer and the friend get it.")
    )

    value_min = StringField(
        lazy("Order worth at least"),
        [Length(max=20)],
        description=lazy("The whole order, in the currency of order values. Empty: any."),
    )
    value_max = StringField(lazy("Order worth at most"), [Length(max=20)])
    products = StringField(
        lazy("Only these products"),
        [Length(max=1_000)],
        description=lazy(
            "The last part of their addresses, with commas between them. One of them is enough,"
            " and only their part of the order's value counts. Empty: any."
        ),
    )
    time_from = _times(
        lazy("From which time on"), lazy("1 and 1: only the first. 2 and empty: all but the first.")
    )
    time_until = _times(lazy("Until which time"))
    every = _times(lazy("Only every … time"), lazy("10: the tenth, the twentieth and so on."))
    tiers = SelectMultipleCheckboxField(
        lazy("Only for members in"), description=lazy("None ticked: every tier.")
    )
    channels = SelectMultipleCheckboxField(
        lazy("Only if the friend came by"),
        choices=choices(CHANNEL_CHOICES),
        description=lazy("For referrals. None ticked: any way."),
    )
    verified_only = BooleanField(lazy("Reviews only of what was bought here"))

    hold = SelectField(
        lazy("When it can be spent"),
        choices=choices(HOLD_CHOICES),
        default="none",
        description=lazy("A refund takes back its share either way."),
    )
    hold_days = _days(lazy("Held for … days"), lazy("Counted from what happened."))
    expires_after_days = _days(
        lazy("Expires … days later"),
        lazy("Counted from the day on which it can be spent. Empty: never."),
    )
    tier_applies = BooleanField(lazy("The member's tier raises it"))
    cap_per_day = _amount(
        lazy("At most in a day"),
        lazy("Points or money for one member. Empty: no limit."),
    )
    cap_per_month = _amount(
        lazy("At most in a month"),
        lazy("Points or money for one member in a calendar month. Empty: no limit."),
    )
    cap_per_member = _amount(
        lazy("At most in all"), lazy("Points or money for one member, ever. Empty: no limit.")
    )

    def offer(self, rules: Programme, currency: str) -> None:
        """Say which tiers and vouchers there are to choose from, and in what orders are counted."""
        vouchers = vouchers_to_choose(rules)
        own = self.voucher.data or ""
        vouchers |= {} if own in vouchers else {own: own}  # likewise
        self.voucher.choices = choices(vouchers.items())
        tiers = tiers_to_choose(rules)
        known = dict(tiers)
        gone = [(key, key) for key in self.tiers.data or () if key not in known]
        self.tiers.choices = choices(
            [*tiers, *gone]
        )  # one that is gone is an objection, not a lost tick
        self.currency = currency

    def summary(self) -> str:
        """The row in a few words, while it is closed."""
        fact, kind = " ".join(chosen(self.fact)), " ".join(chosen(self.kind))
        try:
            amount = self.amount_of("amount")
        except Refused:
            return f"{fact} · {kind}"
        return f"{fact} · {kind} · {'' if amount is None else self._written(amount)}"

    def _written(self, amount: int) -> str:
        if self.kind.data == "percent":
            return words.percent(amount / 100)
        if self.commodity.data == "voucher":
            return f"{words.number(amount)} × {' '.join(chosen(self.voucher))}"
        is_money = self.commodity.data == "money" and is_currency(self.currency)
        if is_money:
            return format_amount(amount, self.currency)
        return words.plural("%(num)s point", "%(num)s points", amount)

    def asks(self) -> bool:
        """Whether a condition says something, or is wrong: its fields are shown then."""
        return _any(self, CONDITIONS)

    def limits(self) -> bool:
        """Whether a limit says something, or is wrong."""
        return _any(self, CAPS)

    def amount_of(self, name: str) -> int | None:
        """What a field says in points, minor units or per cent; None when it is empty.

        Refused when it is none of them.
        """
        text = (self[name].data or "").strip()
        is_share = self.kind.data == "percent" and name not in CAPS
        if self.commodity.data == "money" and not is_share:
            amount = self._money(name)
        else:
            amount = whole_number(text, name) if text else None
        if amount == 0:
            raise Refused("Write a number of at least 1.", code="amount", field=name)
        return amount

    def part(self, key: str) -> EarningRule:
        """Refused when a value is no amount of money."""
        return EarningRule(
            key=key,
            fact=self.fact.data,
            name=self.names(),
            who=self.who.data,
            kind=self.kind.data,
            commodity=self.commodity.data,
            voucher=(self.voucher.data or None) if self.commodity.data == "voucher" else None,
            amount=self.amount_of("amount") or 0,
            friend_amount=self.amount_of("friend_amount"),
            when=self._condition(),
            hold=self.hold.data,
            hold_days=self.hold_days.data if self.hold.data == "days" else None,
            expires_after_days=self.expires_after_days.data,
            tier_applies=self.tier_applies.data,
            verified_only=self.verified_only.data,
            cap_per_day=self.amount_of("cap_per_day"),
            cap_per_month=self.amount_of("cap_per_month"),
            cap_per_member=self.amount_of("cap_per_member"),
        )

    def _condition(self) -> Condition:
        return Condition(
            value_min=self._money("value_min"),
            value_max=self._money("value_max"),
            products=products_of(self.products),
            time_from=self.time_from.data,
            time_until=self.time_until.data,
            every=self.every.data,
            tiers=tuple(self.tiers.data or ()),
            channels=tuple(self.channels.data or ()),
        )

    def _money(self, name: str) -> int | None:
        text = (self[name].data or "").strip()
        if not text:
            return None
        if not is_currency(self.currency):
            return None  # the currency's own field says what is wrong
        try:
            return typed_amount(text, self.currency, 0, LARGEST)
        except Refused as refusal:
            refusal.field = name
            raise


def whole_number(text: str, field: str) -> int:
    """So many points or vouchers as typed; Refused, at its field, when it is none."""
    digits = ungrouped(text) or ""
    if digits.removeprefix("-").isdecimal() and digits.startswith("-"):
        raise Refused("Write a number of at least 1.", code="amount", field=field)
    if not digits.isdecimal():
        raise Refused("“%(text)s” is not a whole number.", code="number", field=field, text=text)
    if len(digits) > 12:
        raise Refused("“%(text)s” is too large.", code="number", field=field, text=text)
    return int(digits)


def _any(form: RuleForm, names: Sequence[str]) -> bool:
    return any(form[name].data or form[name].errors for name in names)


def rule_row(rule: EarningRule, currency: str) -> dict[str, Any]:
    """A rule as its row takes it."""
    when = rule.when
    values = row_of(rule) | when.model_dump()
    values["value_min"] = money_text(when.value_min, currency)
    values["value_max"] = money_text(when.value_max, currency)
    for name, amount in rule.amounts.items():
        is_share = rule.kind == "percent" and name not in CAPS
        is_money = rule.commodity == "money" and not is_share
        values[name] = money_text(amount, currency) if is_money else str(amount)
    values["products"] = ", ".join(when.products)
    values["voucher"] = rule.voucher or ""
    return values


def money_text(minor: int | None, currency: str) -> str:
    """An amount as its field shows it: 2933 USD is "29.33"."""
    if minor is None:
        return ""
    return f"{major(minor, currency):.{exponent(currency) if is_currency(currency) else 2}f}"


def vouchers_to_choose(rules: Programme) -> dict[str, str]:
    """The vouchers of a programme that can be given away, as choices; the first one is none."""
    fitting = (item for item in rules.catalogue if item.is_voucher and not item.counted)
    return {"": _("None")} | {item.key: words.text_in(item.name) for item in fitting}


def tiers_to_choose(rules: Programme) -> list[tuple[str, str]]:
    """The tiers of a programme as choices."""
    return [(tier.key, words.text_in(tier.name)) for tier in rules.tiers]
