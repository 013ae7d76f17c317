"""The rules of the draft as a form, and the small forms of the room."""

from __future__ import annotations

from typing import Any

from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    HiddenField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import HiddenInput

from foundation.money import is_currency
from foundation.web.forms import DayField, Form, WholeField
from foundation.words import lazy
from rewards import recounting
from rewards.row_forms import MOST_ROWS, SectionForm
from rewards.rule_forms import RuleForm, rule_row
from rewards.rules import Programme


class DraftForm(SectionForm):
    """The rules: what holds in general, what earns."""

    LISTS = ("earning",)
    return_days = WholeField(
        lazy("Return period, in days"),
        [InputRequired(), NumberRange(0, 365)],
        description=lazy("How long rewards that rest on an order are held after it was paid."),
    )
    currency = StringField(
        lazy("Currency of order values"),
        [InputRequired(), Length(3, 3)],
        description=lazy(
            "Orders in another currency earn nothing by their value. If you change it, amounts keep"
            " their digits on every page: look them through."
        ),
    )
    earning = FieldList(FormField(RuleForm), max_entries=MOST_ROWS)
    note = TextAreaField(
        lazy("What you say about the change"),
        [Length(max=2_000)],
        description=lazy("Shown on the public page beside the new version. May be empty."),
    )

    @classmethod
    def of(cls, rules: Programme) -> dict[str, Any]:
        return {
            "return_days": rules.return_days,
            "currency": rules.currency,
            "earning": [rule_row(rule, rules.currency) for rule in rules.earning],
        }

    def offer(self, rules: Programme) -> None:
        """Tell the rules which tiers there are, and in what orders are counted."""
        currency = (self.currency.data or "").strip().upper()
        for row in self.earning.entries:
            row.form.offer(rules, currency)

    def said(self, rules: Programme) -> dict[str, Any] | None:
        parts = super().said(rules)
        if parts is None:
            return None
        currency = self.typed("currency").strip().upper()
        if is_currency(currency) and currency != rules.currency:
            parts |= recounting.elsewhere(rules, currency)
        return parts | {"currency": currency, "return_days": self.return_days.data}


class RedeemForm(Form):
    """What is bought, the key that makes a double click one purchase, and the version whose terms
    the page shows."""

    item = HiddenField(validators=[InputRequired()])
    request_key = HiddenField(validators=[InputRequired(), Length(8, 64)])
    seen = WholeField(validators=[Optional()], widget=HiddenInput())


class ReplayForm(Form):
    """Which time to replay."""

    since = DayField(lazy("From"), [InputRequired()])
    until = DayField(
        lazy("Until"), [InputRequired()], description=lazy("This day is the last one counted.")
    )


class PublishForm(Form):
    """The last question before a version is for good."""

    revision = HiddenField(validators=[InputRequired()])
    sure = BooleanField(
        lazy("I want this to be in force from now on. It can be superseded, but never changed."),
        [InputRequired(lazy("Tick the box to publish."))],
    )
