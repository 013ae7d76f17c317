"""The catalogue of the draft as a form: a row for every item, whatever its kind."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    FormField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from foundation import words
from foundation.money import exponent, is_currency, major, parse_amount
from foundation.refusal import Refused
from foundation.web.forms import choices
from foundation.words import lazy, text_in
from members.session import signed_in
from rewards import explaining
from rewards.catalogue import explaining as explaining_items
from rewards.catalogue.items import MOST_DATES, Item
from rewards.row_forms import MOST_ROWS, RowForm, SectionForm, row_of
from rewards.rules import Programme

DATE = "%Y-%m-%d %H:%M"
#: Fields that the form and the document call the same and mean the same by.
SAME = ("cost", "kind", "bearer", "counted", "sent", "available_from", "available_until")


def _description(language: str) -> Any:
    return TextAreaField(
        lazy("Description in %(language)s", language=language),
        [Length(max=300)],
        render_kw={"rows": 3, "maxlength": 300},
    )


class ItemForm(RowForm):
    """One item of the catalogue."""

    kind = SelectField(lazy("Kind"), choices=choices(explaining_items.KIND_NAMES.items()))
    cost = IntegerField(lazy("Costs, in points"), [InputRequired(), NumberRange(1, 1_000_000)])
    value = StringField(
        lazy("Worth"),
        [Optional(), Length(max=20)],
        description=lazy("What a voucher takes off. For the others, for your books; may be empty."),
    )
    currency = StringField(lazy("Currency"), [Optional(), Length(3, 3)])
    description_en = _description("English")
    description_zh_Hans = _description("简体中文")
    description_zh_Hant = _description("繁體中文")
    uses = IntegerField(
        lazy("Uses of one voucher"),
        [Optional(), NumberRange(1, 1_000)],
        description=lazy("Each takes the worth off an order. Empty: one."),
    )
    valid_days = IntegerField(
        lazy("Voucher good for, in days"),
        [Optional(), NumberRange(1, 3_650)],
        description=lazy("Empty: it does not expire."),
    )
    bearer = BooleanField(
        lazy("Whoever has the code may use it"),
        description=lazy("Otherwise the shop must name the member’s address with the code."),
    )
    counted = BooleanField(
        lazy("Only as many as there are"),
        description=lazy("You count them under “Stock”; for an experience, the places per date."),
    )
    sent = BooleanField(lazy("Sent by post: ask for an address"))
    limit = IntegerField(
        lazy("At most for each member"),
        [Optional(), NumberRange(1, 1_000)],
        description=lazy("Empty: as often as points suffice."),
    )
    tier = SelectField(lazy("From tier"), choices=[], validate_choice=False)
    available_from = DateField(lazy("To be had from"), [Optional()])
    available_until = DateField(
        lazy("To be had until"), [Optional()], description=lazy("The last day, in UTC.")
    )
    dates_text = TextAreaField(
        lazy("Dates of an experience"),
        [Optional(), Length(max=MOST_DATES * 20)],
        description=lazy("One a line, in your time zone: 2027-05-21 14:00"),
        render_kw={"rows": 3},
    )
    expected_on = DateField(
        lazy("Expected on"), [Optional()], description=lazy("When a pre-order should arrive.")
    )

    def summary(self) -> str:
        """The row in a few words, while it is closed."""
        if self.cost.data is None:
            return ""
        kind = explaining_items.kind_name(str(self.kind.data))
        return f"{kind} · {explaining.points(self.cost.data)}"

    def part(self, key: str) -> Item:
        """Refused when the worth is no amount of money, or a date is none."""
        currency = (self.currency.data or "").strip().upper()
        same: dict[str, Any] = {name: self[name].data for name in SAME}
        return Item(
            key=key,
            name=self.names(),
            description=self.texts("description"),
            value=_worth(self.value.data, currency),
            currency=currency,
            uses=self.uses.data or 1,
            valid_days=self.valid_days.data,
            limit=self.limit.data,
            tier=self.tier.data or None,
            dates=_dates(self.dates_text.data or ""),
            expected_on=self.expected_on.data,
            **same,
        )


def _worth(typed: str | None, currency: str) -> int:
    if not (typed or "").strip():
        return 0
    if not is_currency(currency):
        raise Refused(
            "“%(currency)s” is not a currency. Write three letters such as USD.",
            code="currency",
            field="currency",
            currency=currency,
        )
    return max(0, min(parse_amount(typed or "", currency), 10**12))


def _dates(typed: str) -> tuple[datetime, ...]:
    zone = words.zone(signed_in().time_zone)
    lines = [line.strip().replace("T", " ") for line in typed.splitlines() if line.strip()]
    if len(lines) > MOST_DATES:
        raise Refused(
            "Write at most %(most)s dates.", code="dates", field="dates_text", most=MOST_DATES
        )
    try:
        moments = {datetime.strptime(line, DATE).replace(tzinfo=zone) for line in lines}
    except ValueError:
        raise Refused(
            "Write a date a line, like 2027-05-21 14:00.", code="dates", field="dates_text"
        ) from None
    return tuple(sorted(moment.astimezone(UTC) for moment in moments))


class CatalogueForm(SectionForm):
    """The section of the catalogue."""

    LISTS: ClassVar[tuple[str, ...]] = ("catalogue",)
    catalogue = FieldList(FormField(ItemForm), max_entries=MOST_ROWS)

    @classmethod
    def of(cls, rules: Programme) -> dict[str, Any]:
        return {"catalogue": [_row(item) for item in rules.catalogue]}

    def offer(self, rules: Programme) -> None:
        """Let every row choose among the draft's tiers, and new ones begin with its currency."""
        tiers = [("", lazy("Everybody")), *((each.key, text_in(each.name)) for each in rules.tiers)]
        for entry in self.catalogue.entries:
            entry.form.tier.choices = choices(tiers)
            if not entry.form.key.data and not entry.form.currency.data:
                entry.form.currency.data = rules.currency


def _row(item: Item) -> dict[str, Any]:
    texts = {f"description_{code}": item.description.get(code, "") for code in words.LANGUAGES}
    digits = exponent(item.currency) if is_currency(item.currency) else 2
    worth = f"{major(item.value, item.currency):.{digits}f}" if item.value else ""
    zone = words.zone(signed_in().time_zone)
    dates = "\n".join(f"{each.astimezone(zone):{DATE}}" for each in item.dates)
    return row_of(item) | texts | {"value": worth, "tier": item.tier or "", "dates_text": dates}
