"""The section of the draft with the top-up offers."""

from __future__ import annotations

from typing import Any, ClassVar

from wtforms import FieldList, FormField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from foundation import words
from foundation.web.forms import WholeField
from foundation.words import lazy
from rewards.row_forms import MOST_ROWS, RowForm, SectionForm, row_of
from rewards.rules import Programme
from rewards.topups.explaining import in_short
from rewards.topups.rules import TopUp


class TopUpForm(RowForm):
    """One offer."""

    unit_en = StringField(
        lazy("What one of them is, in English"),
        [InputRequired(), Length(max=80)],
        description=lazy("A pot of tea at the counter."),
    )
    unit_zh_Hans = StringField(lazy("What one of them is, in 简体中文"), [Length(max=80)])
    unit_zh_Hant = StringField(lazy("What one of them is, in 繁體中文"), [Length(max=80)])
    product = StringField(
        lazy("Product that is bought for it"),
        [DataRequired(), Length(max=80)],
        description=lazy(
            "The last part of its address. Every order of it is prepaid: take a product of its own,"
            " not one you also sell as usual."
        ),
    )
    units = WholeField(
        lazy("Prepaid with one piece of it"),
        [InputRequired(), NumberRange(1, 1_000)],
        default=1,
        description=lazy("A card for nine is 9; what is sold singly is 1."),
    )
    every = WholeField(
        lazy("For so many prepaid in one order"),
        [InputRequired(), NumberRange(1, 1_000)],
        description=lazy("Fewer bring nothing free."),
    )
    free = WholeField(
        lazy("Come so many free"), [InputRequired(), NumberRange(1, 1_000)], default=1
    )
    free_days = WholeField(
        lazy("The free ones expire after so many days"),
        [Optional(), NumberRange(1, 3_650)],
        description=lazy("Empty: never. What was paid for never expires."),
    )

    def summary(self) -> str:
        """The row in a few words, while it is closed."""
        units, every, free = self.units.data, self.every.data, self.free.data
        return in_short(units, every, free) if units and every and free else ""

    def part(self, key: str) -> TopUp:
        return TopUp(
            key=key,
            name=self.names(),
            unit=self.texts("unit"),
            product=(self.product.data or "").strip().lower(),
            units=self.units.data or 1,
            every=self.every.data or 1,
            free=self.free.data or 1,
            free_days=self.free_days.data,
        )


class TopUpsForm(SectionForm):
    """The section of top-up offers."""

    LISTS: ClassVar[tuple[str, ...]] = ("topups",)
    topups = FieldList(FormField(TopUpForm), max_entries=MOST_ROWS)

    @classmethod
    def of(cls, rules: Programme) -> dict[str, Any]:
        return {"topups": [_row(offer) for offer in rules.topups]}


def _row(offer: TopUp) -> dict[str, Any]:
    units = {f"unit_{code}": offer.unit.get(code, "") for code in words.LANGUAGES}
    return row_of(offer) | units
