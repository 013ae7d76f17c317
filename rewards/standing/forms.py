"""Standing and tiers of the draft as a form."""

from __future__ import annotations

from typing import Any, ClassVar

from wtforms import (
    FieldList,
    FormField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange

from foundation import words
from foundation.money import typed_amount
from foundation.refusal import Refused
from foundation.web.forms import WholeField, choices, sentence_of
from foundation.words import _, lazy
from rewards.documents import Objection, Texts
from rewards.row_forms import MOST_ROWS, RowForm, SectionForm, row_of, say
from rewards.rule_forms import money_text
from rewards.rules import Programme, Tier
from rewards.standing.rules import COMPONENTS, StandingRules, Weights

WEIGHED, POINTS = "weighed", "points"
MEASURE_CHOICES = (
    (WEIGHED, lazy("Weighed out of four components, 0 to 100")),
    (POINTS, lazy("The points granted in the window")),
)
WINDOW_CHOICES = (
    ("rolling", lazy("The last … days")),
    ("calendar_year", lazy("The calendar year")),
)
PERCENT = [InputRequired(), NumberRange(0, 100)]
MANY = [InputRequired(), NumberRange(1, 36_500)]


class TierForm(RowForm):
    """One tier."""

    standing_min = WholeField(
        lazy("Starts at"),
        [InputRequired(), NumberRange(0, 1_000_000)],
        description=lazy("The standing it asks for. The first tier starts at 0."),
    )
    earn_percent = WholeField(
        lazy("Earns, in per cent"),
        [InputRequired(), NumberRange(1, 1_000)],
        description=lazy("100 is what the rule says; 125 is a quarter more, rounded down."),
    )
    benefits_en = TextAreaField(
        lazy("Benefits in English"),
        [Length(max=1_000)],
        description=lazy("What you promise this tier besides, one on each line."),
    )
    benefits_zh_Hans = TextAreaField(lazy("Benefits in 简体中文"), [Length(max=1_000)])
    benefits_zh_Hant = TextAreaField(lazy("Benefits in 繁體中文"), [Length(max=1_000)])

    def summary(self) -> str:
        """The row in a few words, while it is closed."""
        if self.standing_min.data is None or self.earn_percent.data is None:
            return ""
        return _(
            "from a standing of %(standing)s, earns %(percent)s",
            standing=words.number(self.standing_min.data),
            percent=words.percent(self.earn_percent.data / 100),
        )

    def part(self, key: str) -> Tier:
        return Tier(
            key=key,
            name=self.names(),
            standing_min=self.standing_min.data,
            earn_percent=self.earn_percent.data,
            benefits=self._benefits(),
        )

    def _benefits(self) -> tuple[Texts, ...]:
        """The n-th line of each language together."""
        lines = {
            code: [line.strip() for line in (self[f"benefits_{code}"].data or "").splitlines()]
            for code in words.LANGUAGES
        }
        lines = {code: [line for line in said if line] for code, said in lines.items()}
        most = len(lines["en"])
        if any(len(said) > most for said in lines.values()):
            raise Refused(
                "A benefit has no English line. Write every benefit in English, one on each line.",
                code="benefit",
                field="benefits_en",
            )
        if most > 12:
            raise Refused("Twelve benefits are enough.", code="benefit", field="benefits_en")
        return tuple(
            {code: said[place] for code, said in lines.items() if place < len(said)}
            for place in range(most)
        )


class StandingForm(SectionForm):
    """The section of standing and tiers."""

    LISTS: ClassVar[tuple[str, ...]] = ("tiers",)
    measure = SelectField(
        lazy("Standing is"),
        choices=choices(MEASURE_CHOICES),
        description=lazy("Neither ever falls by spending points."),
    )
    duration = WholeField(lazy("Weight of duration, in per cent"), PERCENT)
    loyalty = WholeField(lazy("Weight of loyalty, in per cent"), PERCENT)
    reliability = WholeField(lazy("Weight of reliability, in per cent"), PERCENT)
    influence = WholeField(
        lazy("Weight of influence, in per cent"),
        PERCENT,
        description=lazy("The four weights are 100 together."),
    )
    full_days = WholeField(
        lazy("Duration is 100 after … days"),
        MANY,
        description=lazy("Days since the first paid order; all time counts."),
    )
    full_orders = WholeField(
        lazy("Loyalty is 100 from … orders"),
        MANY,
        description=lazy("Orders kept within the window make one half of loyalty."),
    )
    full_spend = StringField(
        lazy("and from a value of …"),
        [InputRequired(), Length(max=20)],
        description=lazy("What was kept of these orders makes the other half."),
    )
    reliable_orders = WholeField(
        lazy("Reliability counts in full from … orders"),
        MANY,
        description=lazy("One kept order is little evidence."),
    )
    fold_costs = WholeField(
        lazy("A folded post takes off"),
        PERCENT,
        description=lazy("From reliability, until it is restored. 0: words cost no standing."),
    )
    friend_counts = WholeField(
        lazy("A friend who bought and kept it counts"),
        PERCENT,
        description=lazy("Of 100 for influence."),
    )
    answer_counts = WholeField(lazy("An accepted answer counts"), PERCENT)
    review_counts = WholeField(
        lazy("A review of something bought counts"),
        PERCENT,
        description=lazy("The same for every number of stars."),
    )
    window = SelectField(
        lazy("What counts happened in"),
        choices=choices(WINDOW_CHOICES),
        description=lazy("In a calendar year tiers are kept until the year is over."),
    )
    standing_window_days = WholeField(
        lazy("How many days"),
        [InputRequired(), NumberRange(30, 3_650)],
        description=lazy("For the last … days."),
    )
    grace_days = WholeField(
        lazy("Grace, in days"),
        [InputRequired(), NumberRange(0, 366)],
        description=lazy("How long a tier is kept after falling below it. Members are told."),
    )
    tiers = FieldList(FormField(TierForm), max_entries=MOST_ROWS)

    @classmethod
    def of(cls, rules: Programme) -> dict[str, Any]:
        standing = rules.standing or StandingRules()
        values: dict[str, Any] = standing.model_dump() | standing.weights.model_dump()
        return values | {
            "measure": WEIGHED if rules.standing else POINTS,
            "standing_window_days": rules.standing_window_days,
            "full_spend": money_text(standing.full_spend, rules.currency),
            "tiers": [_row(tier) for tier in rules.tiers],
        }

    def said(self, rules: Programme) -> dict[str, Any] | None:
        parts, standing = super().said(rules), self._standing(rules.currency)
        if parts is None or standing is None:
            return None
        return parts | {
            "standing": standing if self.measure.data == WEIGHED else None,
            "standing_window_days": self.standing_window_days.data,
        }

    def object(self, objection: Objection) -> None:
        """What `standing-…` objects to is a field of this form."""
        name, _dash, field = objection.field.partition("-")
        if name == "standing" and field in self:
            say(self[field], _(objection.sentence, **objection.params))
        else:
            super().object(objection)

    def _standing(self, currency: str) -> StandingRules | None:
        try:
            spend = typed_amount(self.full_spend.data or "", currency, 0, 10**12)
        except Refused as refusal:
            say(self.full_spend, sentence_of(refusal))
            return None
        if not spend:
            say(self.full_spend, _("Ask for more than nothing."))
            return None
        plain = {
            name: self[name].data
            for name in StandingRules.model_fields
            if name not in ("weights", "full_spend")
        }
        weights = Weights(**{name: self[name].data for name in COMPONENTS})
        return StandingRules(weights=weights, full_spend=spend, **plain)


def _row(tier: Tier) -> dict[str, Any]:
    benefits = {
        f"benefits_{code}": "\n".join(each[code] for each in tier.benefits if code in each)
        for code in words.LANGUAGES
    }
    return row_of(tier) | benefits
