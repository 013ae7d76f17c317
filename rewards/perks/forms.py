"""Forms of perks: the section of the draft, and giving one to a single member."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any, ClassVar

from wtforms import (
    FieldList,
    FormField,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from foundation import words
from foundation.web.forms import DayField, Form, SelectMultipleCheckboxField, WholeField, choices
from foundation.words import lazy, text_in
from rewards.perks.granting import REASON_LENGTH, PerkDraft
from rewards.perks.rules import EARLY_DELIVERY, KNOWN, PRIORITY_ANSWERS, Perk
from rewards.row_forms import (
    MOST_ROWS,
    RowForm,
    SectionForm,
    chosen,
    row_of,
)
from rewards.rules import Programme

OWN = "own"
DESCRIPTION = {"rows": 3, "maxlength": 300}
WHAT_CHOICES = (
    (PRIORITY_ANSWERS, lazy("Answered before others")),
    (EARLY_DELIVERY, lazy("Orders promised sooner")),
    (OWN, lazy("Something else, which people see to")),
)
EARNED_CHOICES = (
    ("", lazy("Nothing: it comes with the tier, or from an owner")),
    ("answer.accepted", lazy("An answer is accepted")),
    ("review.published", lazy("A review is published, whatever its stars")),
    ("topic.started", lazy("A topic is started")),
    ("post.written", lazy("A post is written")),
    ("member.verified", lazy("An e-mail address is confirmed")),
)


class PerkForm(RowForm):
    """One perk."""

    what = SelectField(lazy("What it does"), choices=choices(WHAT_CHOICES))
    description_en = TextAreaField(
        lazy("Description in English"), [Length(max=300)], render_kw=DESCRIPTION
    )
    description_zh_Hans = TextAreaField(
        lazy("Description in 简体中文"), [Length(max=300)], render_kw=DESCRIPTION
    )
    description_zh_Hant = TextAreaField(
        lazy("Description in 繁體中文"), [Length(max=300)], render_kw=DESCRIPTION
    )
    tiers = SelectMultipleCheckboxField(lazy("Comes with the tiers"), choices=[])
    earned_for = SelectField(lazy("Earned when"), choices=choices(EARNED_CHOICES))
    earned_days = WholeField(
        lazy("Earned for so many days"),
        [Optional(), NumberRange(1, 365)],
        description=lazy("Each time anew, from the day it was earned. Empty: 30 days."),
    )
    answer_percent = WholeField(
        lazy("Answered within … per cent of the club's promise"),
        [Optional(), NumberRange(10, 100)],
        description=lazy("For priority answers. 50 halves the hours; 100, or empty, leaves them."),
    )
    days_sooner = WholeField(
        lazy("Promised so many days sooner"),
        [Optional(), NumberRange(0, 30)],
        description=lazy("For orders promised sooner."),
    )

    def summary(self) -> str:
        """The row in a few words, while it is closed."""
        return ", ".join(chosen(self.tiers))

    def part(self, key: str) -> Perk:
        known = self.what.data in KNOWN
        return Perk(
            key=self.what.data if known else f"own-{key}"[:40] if key in KNOWN else key,
            name=self.names(),
            description=self.texts("description"),
            tiers=tuple(self.tiers.data or ()),
            earned_for=self.earned_for.data or None,
            earned_days=self.earned_days.data or 30,
            answer_percent=self.answer_percent.data or 100,
            days_sooner=self.days_sooner.data or 0,
        )


class PerksForm(SectionForm):
    """The section of perks."""

    LISTS: ClassVar[tuple[str, ...]] = ("perks",)
    perks = FieldList(FormField(PerkForm), max_entries=MOST_ROWS)

    @classmethod
    def of(cls, rules: Programme) -> dict[str, Any]:
        return {"perks": [_row(perk) for perk in rules.perks]}

    def offer(self, rules: Programme) -> None:
        """Let every row choose among the draft's tiers."""
        tiers = choices((tier.key, text_in(tier.name)) for tier in rules.tiers)
        for entry in self.perks.entries:
            entry.form.tiers.choices = tiers


def _row(perk: Perk) -> dict[str, Any]:
    texts = {f"description_{code}": perk.description.get(code, "") for code in words.LANGUAGES}
    what = perk.key if perk.key in KNOWN else OWN
    row = row_of(perk) | texts | {"what": what, "earned_for": perk.earned_for or ""}
    return row | {"tiers": list(perk.tiers)}


class GrantForm(Form):
    """A perk for one member; `request_key` makes a double click one perk."""

    request_key = HiddenField(validators=[InputRequired(), Length(8, 64)])
    handle = StringField(
        lazy("Member"),
        [InputRequired(), Length(max=254)],
        description=lazy("Her handle, like @ada, or her e-mail address."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    perk = SelectField(lazy("Perk"), choices=[])
    ends_on = DayField(
        lazy("Last day"), [Optional()], description=lazy("Empty: until you take it back.")
    )
    reason = TextAreaField(
        lazy("Reason"),
        [InputRequired(), Length(max=REASON_LENGTH)],
        description=lazy("The member reads it."),
        render_kw={"rows": 2, "maxlength": REASON_LENGTH},
    )

    def draft(self) -> PerkDraft:
        """What was typed; the last day counts to its last second in UTC."""
        last = self.ends_on.data
        ends_at = datetime.combine(last, time(23, 59, 59), UTC) if last else None
        handle, perk, reason = (self.typed(name) for name in ("handle", "perk", "reason"))
        return PerkDraft(handle, perk, reason, ends_at, self.typed("request_key"))


def reason_field(**more: Any) -> Any:
    """Why something is done to a member; she reads it, so blanks are none."""
    return TextAreaField(
        lazy("Reason"),
        [DataRequired(), Length(max=REASON_LENGTH)],
        description=lazy("The member reads it."),
        render_kw={"rows": 2, "maxlength": REASON_LENGTH},
        **more,
    )


class ReasonForm(Form):
    """Why something is taken back or ended."""

    reason = reason_field()
