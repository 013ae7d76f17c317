"""Stamp cards and welcome vouchers of the draft as a form."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from wtforms import BooleanField, FieldList, FormField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from foundation.money import is_currency, typed_amount
from foundation.refusal import Refused
from foundation.web.forms import WholeField, choices
from foundation.words import _, lazy, plural, text_in
from rewards.cards.rules import FEWEST, MOST_STAMPS, StampCard, WelcomeVoucher
from rewards.row_forms import MOST_ROWS, RowForm, SectionForm, chosen, products_of, row_of
from rewards.rule_forms import money_text
from rewards.rules import Item, Programme

LARGEST = 10**12
WHO_CHOICES = (
    ("everybody", lazy("Every new member")),
    ("friends", lazy("Whom a friend brought")),
)


def _worth(label: Any, description: Any) -> StringField:
    return StringField(label, [Length(max=20)], description=description)


class CardForm(RowForm):
    """One stamp card."""

    currency = "USD"

    orders = WholeField(
        lazy("Stamps on the card"),
        [InputRequired(), NumberRange(FEWEST, MOST_STAMPS)],
        default=6,
        description=lazy("Each paid order that counts is one."),
    )
    days = WholeField(
        lazy("Within … days"),
        [InputRequired(), NumberRange(1, 1_100)],
        default=180,
        description=lazy("From the first stamp. Then the card is over and the next one begins."),
    )
    value_min = _worth(
        lazy("Order worth at least"),
        lazy("The whole order, in the currency of order values. Empty: any."),
    )
    products = StringField(
        lazy("Only with these products"),
        [Length(max=1_000)],
        description=lazy(
            "The last part of their addresses, with commas between them. One of them is enough."
            " Empty: any."
        ),
    )
    one_a_day = BooleanField(
        lazy("At most one stamp a day"),
        default=True,
        description=lazy("So that an order cut in pieces is worth no more."),
    )
    points = WholeField(
        lazy("A full card gives points"),
        [Optional(), NumberRange(1, 1_000_000)],
        description=lazy("Or store credit, or a voucher: one of them."),
    )
    credit = _worth(
        lazy("Or store credit"),
        lazy("Money to spend in the shop, in the currency of order values. It is never paid out."),
    )
    is_held = BooleanField(
        lazy("Held until the return period of the last order is over"),
        default=True,
        description=lazy("Points and store credit; a voucher is given at once."),
    )
    voucher = SelectField(
        lazy("Or a voucher"),
        choices=[],
        description=lazy("Of the catalogue, without points. It is given at once."),
    )
    times = WholeField(
        lazy("Can be filled … times"),
        [Optional(), NumberRange(1, 1_000)],
        description=lazy("By each member. Empty: again and again."),
    )

    def summary(self) -> str:
        """The row in a few words, while it is closed."""
        if self.orders.data is None or self.days.data is None:
            return ""
        stamps = plural("%(num)s stamp", "%(num)s stamps", self.orders.data)
        days = plural("%(num)s day", "%(num)s days", self.days.data)
        return f"{stamps} · {days}"

    def part(self, key: str) -> StampCard:
        """Refused when a value is no amount of money."""
        return StampCard(
            key=key[:35],
            name=self.names(),
            orders=self.orders.data,
            days=self.days.data,
            value_min=_amount(self, "value_min", self.currency),
            products=products_of(self.products),
            one_a_day=self.one_a_day.data,
            points=self.points.data,
            credit=_amount(self, "credit", self.currency) or None,
            is_held=self.is_held.data,
            voucher=self.voucher.data or None,
            times=self.times.data,
        )


class WelcomeForm(RowForm):
    """One welcome voucher."""

    worths: Mapping[str, str] = MappingProxyType({})  # the currency of each voucher to choose

    voucher = SelectField(
        lazy("Voucher"), choices=[], description=lazy("Of the catalogue, without points.")
    )
    who = SelectField(lazy("For whom"), choices=choices(WHO_CHOICES), default="everybody")
    after_orders = WholeField(
        lazy("After so many paid orders"),
        [InputRequired(), NumberRange(0, 10)],
        default=0,
        description=lazy(
            "0: as soon as the e-mail address is confirmed. 1: after the first order, for the"
            " second visit."
        ),
    )
    valid_days = WholeField(
        lazy("Good for … days"),
        [Optional(), NumberRange(1, 3_650)],
        description=lazy("Empty: as the catalogue says."),
    )
    order_min = _worth(
        lazy("For orders worth at least"),
        lazy("In the voucher's currency. The till is told, and refuses it below. Empty: any."),
    )

    def summary(self) -> str:
        """The row in a few words, while it is closed."""
        return " · ".join([*chosen(self.voucher), *chosen(self.who)])

    def part(self, key: str) -> WelcomeVoucher:
        """Refused when a value is no amount of money."""
        voucher = self.voucher.data or ""
        return WelcomeVoucher(
            key=key,
            name=self.names(),
            voucher=voucher,
            friends_only=self.who.data == "friends",
            after_orders=self.after_orders.data,
            valid_days=self.valid_days.data,
            order_min=_amount(self, "order_min", self.worths.get(voucher, "")),
        )


class CardsForm(SectionForm):
    """The section of stamp cards and welcome vouchers."""

    LISTS: ClassVar[tuple[str, ...]] = ("cards", "welcome")
    cards = FieldList(FormField(CardForm), max_entries=MOST_ROWS)
    welcome = FieldList(FormField(WelcomeForm), max_entries=MOST_ROWS)

    @classmethod
    def of(cls, rules: Programme) -> dict[str, Any]:
        return {
            "cards": [_card_row(card, rules.currency) for card in rules.cards],
            "welcome": [_welcome_row(each, rules) for each in rules.welcome],
        }

    def offer(self, rules: Programme) -> None:
        """Let every row choose among the vouchers of the draft's catalogue."""
        items = [item for item in rules.catalogue if item.is_voucher and not item.counted]
        names = [(item.key, text_in(item.name)) for item in items]
        for entry in self.cards.entries:
            entry.form.currency = rules.currency
            _offer(entry.form.voucher, [("", _("No voucher")), *names])
        for row in self.welcome.entries:
            row.form.worths = {item.key: item.currency for item in items}
            _offer(row.form.voucher, names)


def _offer(field: Any, names: list[tuple[str, str]]) -> None:
    """Say what there is to choose; what is gone is an objection, not a lost choice."""
    gone = field.data if field.data and field.data not in dict(names) else None
    field.choices = choices([*names, (gone, gone)] if gone else names)


def _amount(form: Any, name: str, currency: str) -> int | None:
    text = (form[name].data or "").strip()
    if not text or not is_currency(currency):
        return None  # the currency's own field says what is wrong
    try:
        return typed_amount(text, currency, 0, LARGEST)
    except Refused as refusal:
        refusal.field = name
        raise


def _card_row(card: StampCard, currency: str) -> dict[str, Any]:
    value_min = money_text(card.value_min, currency)
    return row_of(card) | {
        "value_min": value_min,
        "credit": money_text(card.credit, currency),
        "products": ", ".join(card.products),
        "voucher": card.voucher or "",
    }


def _welcome_row(each: WelcomeVoucher, rules: Programme) -> dict[str, Any]:
    item: Item | None = rules.item(each.voucher)
    order_min = money_text(each.order_min, item.currency if item else rules.currency)
    who = "friends" if each.friends_only else "everybody"
    return row_of(each) | {"order_min": order_min, "who": who}
