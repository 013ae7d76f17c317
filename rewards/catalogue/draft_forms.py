"""The catalogue of the draft as a form: a row for every item, whatever its kind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, ClassVar

from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from foundation import pictures, words
from foundation.clock import FIRST_DAY, LAST_DAY
from foundation.money import exponent, is_currency, major, typed_amount
from foundation.pictures import Drawn
from foundation.refusal import Refused
from foundation.web.forms import DayField, WholeField, choices, sentence_of
from foundation.web.texts import as_fields
from foundation.words import lazy, text_in
from members.session import signed_in
from rewards import explaining
from rewards.catalogue import explaining as explaining_items
from rewards.catalogue.items import MOST_DATES, Item, Picture
from rewards.row_forms import MOST_ROWS, RowForm, SectionForm, row_of
from rewards.rules import Programme

DATE = "%Y-%m-%d %H:%M"
MOST_MEGABYTES = pictures.LARGEST // 1024 // 1024
#: Fields that the form and the document call the same and mean the same by.
SAME = ("cost", "kind", "bearer", "counted", "sent", "available_from", "available_until")


def _description(language: str) -> Any:
    return TextAreaField(
        lazy("Description in %(language)s", language=language),
        [Length(max=300)],
        render_kw={"rows": 3, "maxlength": 300},
    )


def _alt(language: str) -> Any:
    return StringField(
        lazy("What the picture shows, in %(language)s", language=language),
        [Length(max=200)],
        render_kw={"maxlength": 200},
    )


class ItemForm(RowForm):
    """One item of the catalogue."""

    kind = SelectField(lazy("Kind"), choices=choices(explaining_items.KIND_NAMES.items()))
    cost = WholeField(lazy("Costs, in points"), [InputRequired(), NumberRange(1, 1_000_000)])
    value = StringField(
        lazy("Worth"),
        [Optional(), Length(max=20)],
        description=lazy("What a voucher takes off. For the others, for your books; may be empty."),
    )
    currency = StringField(lazy("Currency"), [Optional(), Length(3, 3)])
    description_en = _description("English")
    description_zh_Hans = _description("简体中文")
    description_zh_Hant = _description("繁體中文")
    uses = WholeField(
        lazy("Uses of one voucher"),
        [Optional(), NumberRange(1, 1_000)],
        description=lazy("Each takes the worth off an order. Empty: one."),
    )
    valid_days = WholeField(
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
    limit = WholeField(
        lazy("At most for each member"),
        [Optional(), NumberRange(1, 1_000)],
        description=lazy("Empty: as often as points suffice."),
    )
    tier = SelectField(lazy("From tier"), choices=[], validate_choice=False)
    available_from = DayField(lazy("To be had from"), [Optional()])
    available_until = DayField(
        lazy("To be had until"), [Optional()], description=lazy("The last day, in UTC.")
    )
    dates_text = TextAreaField(
        lazy("Dates of an experience"),
        [Optional(), Length(max=MOST_DATES * 20)],
        description=lazy("One a line, in your time zone: 2027-05-21 14:00"),
        render_kw={"rows": 3},
    )
    expected_on = DayField(
        lazy("Expected on"), [Optional()], description=lazy("When a pre-order should arrive.")
    )
    file = FileField(
        lazy("Picture"),
        description=lazy(
            "PNG, JPEG or WebP, up to %(limit)s megabytes. It is drawn anew, without what a camera"
            " wrote into it.",
            limit=MOST_MEGABYTES,
        ),
        render_kw={"accept": pictures.ACCEPTED},
    )
    picture = HiddenField()  # the hash of the one it has
    no_picture = BooleanField(lazy("Take this picture away"))
    alt_en = _alt("English")
    alt_zh_Hans = _alt("简体中文")
    alt_zh_Hant = _alt("繁體中文")
    #: Width and height of the pictures that are kept, by hash; the section says it.
    shapes: Mapping[str, tuple[int, int]] = MappingProxyType({})

    def shown(self) -> Picture | None:
        """The picture it has now, as far as the store has it."""
        shape = self.shapes.get(self.picture.data or "")
        if shape is None:
            return None
        width, height = shape
        return Picture(sha256=self.picture.data, width=width, height=height, alt=self.texts("alt"))

    def take_picture(self) -> Drawn | None:
        """The picture sent up with the row, drawn anew; what is none says so at the field."""
        if not self.file.data:
            return None
        try:
            drawn = pictures.look_at(self.file.data.read(pictures.LARGEST + 1))
        except Refused as refusal:
            # Of the processing, not of the validation that is yet to come, which forgets others.
            self.file.errors = self.file.process_errors = [sentence_of(refusal)]
            return None
        self.picture.data, self.no_picture.data = drawn.sha256, False
        return drawn

    def summary(self) -> str:
        """The row in a few words, while it is closed."""
        if self.cost.data is None:
            return ""
        kind = explaining_items.kind_name(str(self.kind.data))
        return f"{kind} · {explaining.points(self.cost.data)}"

    def part(self, key: str) -> Item:
        """Refused when the worth is no amount of money, a date is none, a picture is gone."""
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
            picture=self._picture(),
            **same,
        )

    def _picture(self) -> Picture | None:
        if self.no_picture.data or not self.picture.data:
            return None
        shown = self.shown()
        if shown is None:
            raise Refused(
                "A picture that nobody used was thrown away meanwhile. Send it up again.",
                code="no_picture",
                field="file",
            )
        return shown


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
    return typed_amount(typed or "", currency, 0, 10**12)


def _dates(typed: str) -> tuple[datetime, ...]:
    zone = words.zone(signed_in().time_zone)
    lines = [line.strip().replace("T", " ") for line in typed.splitlines() if line.strip()]
    if len(lines) > MOST_DATES:
        raise Refused(
            "Write at most %(most)s dates.", code="dates", field="dates_text", most=MOST_DATES
        )
    try:
        moments = {datetime.strptime(line, DATE).replace(tzinfo=zone) for line in lines}
        if not all(FIRST_DAY <= moment.date() <= LAST_DAY for moment in moments):
            raise ValueError
    except ValueError:
        raise Refused(
            "Write a date a line, like 2027-05-21 14:00.", code="dates", field="dates_text"
        ) from None
    return tuple(sorted(moment.astimezone(UTC) for moment in moments))


class CatalogueForm(SectionForm):
    """The section of the catalogue."""

    LISTS: ClassVar[tuple[str, ...]] = ("catalogue",)
    HAS_PICTURES: ClassVar[bool] = True
    MOST_MEGABYTES: ClassVar[int] = MOST_MEGABYTES
    catalogue = FieldList(FormField(ItemForm), max_entries=MOST_ROWS)
    shapes: Mapping[str, tuple[int, int]] = MappingProxyType({})

    @classmethod
    def of(cls, rules: Programme) -> dict[str, Any]:
        return {"catalogue": [_row(item) for item in rules.catalogue]}

    def sent_pictures(self) -> list[Drawn]:
        sent = [entry.form.take_picture() for entry in self.catalogue.entries]
        return [each for each in sent if each is not None]

    def named_pictures(self) -> set[str]:
        named = {entry.form.picture.data for entry in self.catalogue.entries}
        return {each for each in named if each and pictures.HASH.fullmatch(each)}

    def know(self, shapes: Mapping[str, tuple[int, int]]) -> None:
        self.shapes = shapes

    def offer(self, rules: Programme) -> None:
        """Let every row choose among the draft's tiers, and new ones begin with its currency."""
        of_draft = {
            item.picture.sha256: (item.picture.width, item.picture.height)
            for item in rules.catalogue
            if item.picture is not None
        }
        tiers = [("", lazy("Everybody")), *((each.key, text_in(each.name)) for each in rules.tiers)]
        for entry in self.catalogue.entries:
            entry.form.tier.choices = choices(tiers)
            entry.form.shapes = {**of_draft, **self.shapes}
            if not entry.form.key.data and not entry.form.currency.data:
                entry.form.currency.data = rules.currency


def _row(item: Item) -> dict[str, Any]:
    alt = item.picture.alt if item.picture else {}
    texts = as_fields(description=item.description, alt=alt)
    digits = exponent(item.currency) if is_currency(item.currency) else 2
    worth = f"{major(item.value, item.currency):.{digits}f}" if item.value else ""
    zone = words.zone(signed_in().time_zone)
    dates = "\n".join(f"{each.astimezone(zone):{DATE}}" for each in item.dates)
    picture = item.picture.sha256 if item.picture else ""
    own = {"value": worth, "tier": item.tier or "", "dates_text": dates, "picture": picture}
    return row_of(item) | texts | own
