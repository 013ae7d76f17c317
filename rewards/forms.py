"""The draft as a form, and the small ones. Every row of a list is a form of its own.

Keys of rows are not typed: a row keeps the key it has for good (caps and history hang on it), and
a new one gets its key from its English name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import wtforms
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
from wtforms.meta import DefaultMeta
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from foundation import words
from foundation.money import exponent, is_currency, major, parse_amount
from foundation.refusal import Refused
from foundation.web.forms import Form, sentence_of
from foundation.words import _, lazy
from rewards import explaining
from rewards.rules import EarningRule, Item, Objection, Programme, Tier, objections

WTFORMS_LANGUAGES = {"en": ["en"], "zh_Hans": ["zh"], "zh_Hant": ["zh_TW", "zh"]}
LISTS = ("tiers", "earning", "catalogue")
KEY = re.compile(r"[a-z][a-z0-9_-]{0,39}")
MOST_ROWS = 40

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


@dataclass(frozen=True)
class Fault:
    """One fault and the field it is at."""

    id: str
    label: str
    message: str


class RowForm(wtforms.Form):
    """One row of a list; it belongs to the draft's form, which carries the token."""

    class Meta(DefaultMeta):
        def get_translations(self, form: Any) -> Any:
            from wtforms.i18n import get_translations

            return get_translations(WTFORMS_LANGUAGES[words.language()])

    key = HiddenField()
    name_en = StringField(lazy("Name in English"), [InputRequired(), Length(max=80)])
    name_zh_Hans = StringField(lazy("Name in 简体中文"), [Length(max=80)])
    name_zh_Hant = StringField(lazy("Name in 繁體中文"), [Length(max=80)])

    def names(self) -> dict[str, str]:
        texts = {code: (self[f"name_{code}"].data or "").strip() for code in words.LANGUAGES}
        return {code: text for code, text in texts.items() if text}


class TierForm(RowForm):
    """One tier."""

    standing_min = IntegerField(
        lazy("Starts at"),
        [InputRequired(), NumberRange(0, 1_000_000)],
        description=lazy("Points of standing. The first tier starts at 0."),
    )
    earn_percent = IntegerField(
        lazy("Earns, in per cent"),
        [InputRequired(), NumberRange(1, 1_000)],
        description=lazy("100 is what the rule says; 125 is a quarter more, rounded down."),
    )

    def summary(self) -> str:
        """The row in a few words, while it is closed."""
        if self.standing_min.data is None or self.earn_percent.data is None:
            return ""
        return _(
            "from %(standing)s points of standing, earns %(percent)s",
            standing=words.number(self.standing_min.data),
            percent=words.percent(self.earn_percent.data / 100),
        )

    def part(self, key: str) -> Tier:
        return Tier(
            key=key,
            name=self.names(),
            standing_min=self.standing_min.data,
            earn_percent=self.earn_percent.data,
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


class ItemForm(RowForm):
    """One item of the catalogue."""

    cost = IntegerField(lazy("Costs, in points"), [InputRequired(), NumberRange(1, 1_000_000)])
    value = StringField(lazy("Worth"), [InputRequired(), Length(max=20)])
    currency = StringField(lazy("Currency"), [InputRequired(), Length(3, 3)])
    description_en = StringField(lazy("Description in English"), [Length(max=300)])
    description_zh_Hans = StringField(lazy("Description in 简体中文"), [Length(max=300)])
    description_zh_Hant = StringField(lazy("Description in 繁體中文"), [Length(max=300)])

    def summary(self) -> str:
        """The row in a few words, while it is closed."""
        if self.cost.data is None:
            return ""
        return f"{explaining.points(self.cost.data)} · {self.value.data} {self.currency.data}"

    def part(self, key: str) -> Item:
        """Refused when the worth is no amount of money."""
        currency = (self.currency.data or "").strip().upper()
        texts = {c: (self[f"description_{c}"].data or "").strip() for c in words.LANGUAGES}
        return Item(
            key=key,
            name=self.names(),
            cost=self.cost.data,
            value=min(parse_amount(self.value.data or "", currency), 10**12),
            currency=currency,
            description={code: text for code, text in texts.items() if text},
        )


class DraftForm(Form):
    """The whole programme."""

    revision = HiddenField()
    return_days = IntegerField(
        lazy("Return period, in days"),
        [InputRequired(), NumberRange(0, 365)],
        description=lazy("How long rewards that rest on an order are held after it was paid."),
    )
    standing_window_days = IntegerField(
        lazy("Standing counts the last … days"),
        [InputRequired(), NumberRange(30, 3_650)],
        description=lazy("Points granted in this time make a member's standing, spent or not."),
    )
    currency = StringField(
        lazy("Currency of order values"),
        [InputRequired(), Length(3, 3)],
        description=lazy("Orders in another currency earn nothing by their value."),
    )
    tiers = FieldList(FormField(TierForm), max_entries=MOST_ROWS)
    earning = FieldList(FormField(RuleForm), max_entries=MOST_ROWS)
    catalogue = FieldList(FormField(ItemForm), max_entries=MOST_ROWS)
    note = TextAreaField(
        lazy("What you say about the change"),
        [Length(max=2_000)],
        description=lazy("Shown on the public page beside the new version. May be empty."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.general: list[str] = []  # what is wrong with a list as a whole

    def arrange(self, act: str) -> bool:
        """Add or remove a row as its button asks (`add-tiers`, `remove-tiers-2`); True if so."""
        verb, _dash, name = act.partition("-")
        if verb == "add" and name in LISTS and len(self[name].entries) < MOST_ROWS:
            self[name].append_entry()
            return True
        part = name.partition("-")[0]
        if verb == "remove" and part in LISTS:
            self[part].entries = [each for each in self[part].entries if each.name != name]
            return True
        return False

    def programme(self) -> Programme | None:
        """What the form says once it is valid; None when a rule objects, as its fields then say."""
        parts: dict[str, list[Any]] = {
            name: [self._part(*row) for row in self._keyed(name)] for name in LISTS
        }
        if any(None in made for made in parts.values()):
            return None
        rules = Programme(
            currency=(self.currency.data or "").strip().upper(),
            return_days=self.return_days.data,
            standing_window_days=self.standing_window_days.data,
            tiers=tuple(parts["tiers"]),
            earning=tuple(parts["earning"]),
            catalogue=tuple(parts["catalogue"]),
        )
        found = objections(rules)
        for objection in found:
            self.object(objection)
        return None if found else rules

    def _keyed(self, name: str) -> list[tuple[Any, str]]:
        """The rows of a list with their keys, new ones for new rows."""
        rows = [row.form for row in self[name].entries]
        taken = {row.key.data for row in rows}
        keyed = []
        for row in rows:
            if not KEY.fullmatch(row.key.data or ""):
                row.key.data = _fresh_key(row.name_en.data, taken)
                taken.add(row.key.data)
            keyed.append((row, row.key.data))
        return keyed

    def _part(self, row: Any, key: str) -> Any:
        try:
            return row.part(key)
        except Refused as refusal:
            _say(row.value, sentence_of(refusal))
            return None

    def object(self, objection: Objection) -> None:
        """Show an objection at its field; `tiers-1-name_en` is in the second row there is."""
        sentence = _(objection.sentence, **objection.params)
        name, _dash, rest = objection.field.partition("-")
        if name in LISTS and rest:
            position, _dash, inner = rest.partition("-")
            row = self[name].entries[int(position)].form
            # A key is not typed, so what is wrong with it shows at the name it came from.
            _say(row.name_en if inner == "key" else row[inner], sentence)
        elif name in LISTS:
            self.general.append(sentence)
        else:
            _say(self[name], sentence)

    def faults(self) -> Iterator[Fault]:
        """Everything that is wrong with a field, also inside rows, for the summary on top."""
        for field in self:
            if isinstance(field, FieldList):
                for row in field.entries:
                    for inner in row.form:
                        title = f"{row.form.name_en.data or _('New row')}, {inner.label.text}"
                        yield from (Fault(inner.id, title, str(each)) for each in inner.errors)
            else:
                title = str(field.label.text)
                yield from (Fault(field.id, title, str(each)) for each in field.errors)


def _say(field: Any, sentence: str) -> None:
    field.errors = [*field.errors, sentence]


def _fresh_key(name: str | None, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", name or "").encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:30].lstrip("0123456789-") or "row"
    number = 1
    key = stem
    while key in taken:
        number += 1
        key = f"{stem}-{number}"
    return key


def filled(rules: Programme, note: str, revision: int) -> DraftForm:
    """The form that says `rules`."""
    return DraftForm(
        formdata=None,
        data={
            "revision": revision,
            "return_days": rules.return_days,
            "standing_window_days": rules.standing_window_days,
            "currency": rules.currency,
            "note": note,
            "tiers": [_row(tier) for tier in rules.tiers],
            "earning": [_row(rule) | {"hold": rule.hold != "none"} for rule in rules.earning],
            "catalogue": [_item_row(item) for item in rules.catalogue],
        },
    )


def _row(part: Tier | EarningRule | Item) -> dict[str, Any]:
    names = {f"name_{code}": part.name.get(code, "") for code in words.LANGUAGES}
    return part.model_dump() | names


def _item_row(item: Item) -> dict[str, Any]:
    texts = {f"description_{code}": item.description.get(code, "") for code in words.LANGUAGES}
    digits = exponent(item.currency) if is_currency(item.currency) else 2
    return _row(item) | texts | {"value": f"{major(item.value, item.currency):.{digits}f}"}


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
