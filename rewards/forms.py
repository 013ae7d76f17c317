"""The rules of the draft as a form, and the small forms of the room."""

from __future__ import annotations

from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    FormField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from foundation import words
from foundation.web.forms import Form
from foundation.words import _, lazy
from rewards.rows import MOST_ROWS, RowForm, SectionForm, row_of
from rewards.rules import EarningRule, Programme, objections

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
)
KIND_CHOICES = (
    ("fixed", lazy("Points each time")),
    ("per_currency_unit", lazy("Points for each unit of the order's value")),
    ("percent", lazy("Per cent of the order's value, as points")),
)


class RuleForm(RowForm):
    """One earning rule."""

    fact = SelectField(lazy("When"), choices=FACT_CHOICES)
    who = SelectField(lazy("Who gets it"), choices=WHO_CHOICES)
    kind = SelectField(lazy("Counted as"), choices=KIND_CHOICES)
    amount = IntegerField(lazy("How much"), [InputRequired(), NumberRange(1, 1_000_000)])
    cap_per_month = IntegerField(
        lazy("At most in a month"),
        [Optional(), NumberRange(1, 1_000_000)],
        description=lazy("Points for one member in a calendar month. Empty: no limit."),
    )
    cap_per_member = IntegerField(
        lazy("At most in all"),
        [Optional(), NumberRange(1, 1_000_000)],
        description=lazy("Points for one member, ever. Empty: no limit."),
    )
    hold = BooleanField(
        lazy("Hold it until the return period is over"),
        description=lazy("For what rests on an order. A refund takes back its share either way."),
    )
    tier_applies = BooleanField(lazy("The member's tier raises it"))
    verified_only = BooleanField(lazy("Reviews only of what was bought here"))

    def summary(self) -> str:
        """The row in a few words, while it is closed."""
        labels = {**dict(FACT_CHOICES), **dict(KIND_CHOICES)}
        said = [labels.get(self.fact.data, ""), f"{labels.get(self.kind.data, '')}:"]
        amount = "" if self.amount.data is None else words.number(self.amount.data)
        return f"{said[0]} · {said[1]} {amount}"

    def part(self, key: str) -> EarningRule:
        return EarningRule(
            key=key,
            fact=self.fact.data,
            name=self.names(),
            who=self.who.data,
            kind=self.kind.data,
            amount=self.amount.data,
            hold="return_period" if self.hold.data else "none",
            tier_applies=self.tier_applies.data,
            verified_only=self.verified_only.data,
            cap_per_month=self.cap_per_month.data,
            cap_per_member=self.cap_per_member.data,
        )


class DraftForm(SectionForm):
    """The rules: what holds in general, and what earns."""

    LISTS = ("earning",)
    return_days = IntegerField(
        lazy("Return period, in days"),
        [InputRequired(), NumberRange(0, 365)],
        description=lazy("How long rewards that rest on an order are held after it was paid."),
    )
    currency = StringField(
        lazy("Currency of order values"),
        [InputRequired(), Length(3, 3)],
        description=lazy("Orders in another currency earn nothing by their value."),
    )
    earning = FieldList(FormField(RuleForm), max_entries=MOST_ROWS)
    note = TextAreaField(
        lazy("What you say about the change"),
        [Length(max=2_000)],
        description=lazy("Shown on the public page beside the new version. May be empty."),
    )

    def programme(self, draft: Programme) -> Programme | None:
        """The draft with what the form says once it is valid; what other sections say stays.

        None when a rule objects, as its fields then say.
        """
        parts = {name: self.parts(name) for name in self.LISTS}
        if any(made is None for made in parts.values()):
            return None
        general = {
            "currency": (self.currency.data or "").strip().upper(),
            "return_days": self.return_days.data,
        }
        rules = draft.model_copy(update=general | parts)
        found = objections(rules)
        for objection in found:
            self.object(objection)
        return None if found else rules


def filled(rules: Programme, note: str, revision: int) -> DraftForm:
    """The form that says `rules`."""
    return DraftForm(
        formdata=None,
        data={
            "revision": revision,
            "return_days": rules.return_days,
            "currency": rules.currency,
            "note": note,
            "earning": [row_of(rule) | {"hold": rule.hold != "none"} for rule in rules.earning],
        },
    )


class RedeemForm(Form):
    """What is bought, and the key that makes a double click one purchase."""

    item = HiddenField(validators=[InputRequired()])
    request_key = HiddenField(validators=[InputRequired(), Length(8, 64)])


class ReplayForm(Form):
    """Which time to replay."""

    since = DateField(lazy("From"), [InputRequired()])
    until = DateField(
        lazy("Until"), [InputRequired()], description=lazy("This day is the last one counted.")
    )


class PublishForm(Form):
    """The last question before a version is for good."""

    revision = HiddenField(validators=[InputRequired()])
    sure = BooleanField(
        lazy("I want this to be in force from now on. It can be superseded, but never changed."),
        [InputRequired(lazy("Tick the box to publish."))],
    )
