"""The budgets of the draft as a form."""

from __future__ import annotations

from typing import Any

from wtforms import FieldList, FormField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from foundation.money import format_amount, is_currency, parse_amount
from foundation.refusal import Refused
from foundation.words import _, lazy, text_in
from rewards.budgets.rules import Budget
from rewards.row_forms import MOST_ROWS, Row, SectionForm, say
from rewards.rule_forms import money_text
from rewards.rules import Programme, objections

PERIOD_CHOICES = (("month", lazy("In a calendar month")), ("ever", lazy("In all")))
UNIT_CHOICES = (("points", lazy("Points")), ("money", lazy("Money")))
AT_CAP_CHOICES = (
    ("rest", lazy("Give what is left, then nothing")),
    ("stop", lazy("Give nothing that does not fit whole")),
    ("warn", lazy("Give all the same, and warn the owners")),
)
LARGEST = 10**12


class BudgetForm(Row):
    """One budget."""

    currency = "USD"

    rule = SelectField(lazy("For"), choices=[], default="")
    period = SelectField(lazy("Counted"), choices=list(PERIOD_CHOICES), default="month")
    limit = StringField(
        lazy("At most"),
        [InputRequired(), Length(max=20)],
        description=lazy("What is on hold counts too; what refunds take back makes room again."),
    )
    unit = SelectField(lazy("In"), choices=list(UNIT_CHOICES), default="points")
    at_cap = SelectField(
        lazy("When it is used up"),
        choices=list(AT_CAP_CHOICES),
        default="rest",
        description=lazy("Owners are told at 80 and at 100 per cent either way."),
    )

    def title(self) -> str:
        chosen = self.rule.data or ""
        return next((str(each[1]) for each in self.rule.choices or () if each[0] == chosen), "")

    def summary(self) -> str:
        """The row in a few words, while it is closed."""
        period = dict(PERIOD_CHOICES).get(self.period.data, "")
        unit = dict(UNIT_CHOICES).get(self.unit.data, "")
        return f"{period} · {self.limit.data or ''} {unit}"

    def part(self, key: str) -> Budget:
        """Refused when the limit is no number or amount."""
        return Budget(
            key=key,
            rule=self.rule.data or None,
            period=self.period.data,
            limit=self._limit(),
            unit=self.unit.data,
            at_cap=self.at_cap.data,
        )

    def _limit(self) -> int:
        text = (self.limit.data or "").strip()
        if self.unit.data == "money":
            limit = _amount(text, self.currency, "limit")
        else:
            digits = text.replace(",", "")
            limit = int(digits) if digits.isascii() and digits.isdecimal() else 0
        if not 1 <= limit <= LARGEST:
            raise Refused("Write a number of at least 1.", code="limit", field="limit")
        return limit


class BudgetsForm(SectionForm):
    """How much rewards may cost, and what happens then."""

    LISTS = ("budgets",)
    worth = StringField(
        lazy("100 points cost"),
        [Length(max=20)],
        description=lazy(
            "In the currency of order values. Needed for budgets in money, and shown beside points"
            " in the budgets and in replays."
        ),
    )
    budgets = FieldList(FormField(BudgetForm), max_entries=MOST_ROWS)

    def offer(self, draft: Programme) -> None:
        """Say which rules there are, before the rows are read or shown."""
        rules = [("", _("All rules together"))]
        rules += [(rule.key, text_in(rule.name)) for rule in draft.earning]
        for row in self.budgets.entries:
            gone = row.form.rule.data
            known = dict(rules)
            row.form.rule.choices = (
                rules if gone is None or gone in known else [*rules, (gone, gone)]
            )
            row.form.currency = draft.currency

    def changed(self, draft: Programme) -> Programme | None:
        """The draft with these budgets; None when something objects, as its fields then say."""
        parts = self.parts("budgets")
        try:
            text = (self.worth.data or "").strip()
            worth = _amount(text, draft.currency, "worth") if text else None
        except Refused as refusal:
            say(self.worth, _(refusal.sentence, **refusal.params))
            return None
        if parts is None:
            return None
        if worth is not None and not 1 <= worth <= 10**9:
            smallest = format_amount(1, draft.currency)
            say(self.worth, _("Write an amount of at least %(least)s.", least=smallest))
            return None
        rules = draft.model_copy(update={"budgets": parts, "worth_of_100": worth})
        found = objections(rules)
        for objection in found:
            self.object(objection)
        return None if found else rules


def _amount(text: str, currency: str, field: str) -> int:
    try:
        return parse_amount(text, currency) if is_currency(currency) else 0
    except Refused as refusal:
        refusal.field = field
        raise


def filled(rules: Programme, revision: int) -> BudgetsForm:
    """The form that says the budgets of `rules`."""
    return BudgetsForm(
        formdata=None,
        data={
            "revision": revision,
            "worth": money_text(rules.worth_of_100, rules.currency),
            "budgets": [_row(budget, rules.currency) for budget in rules.budgets],
        },
    )


def _row(budget: Budget, currency: str) -> dict[str, Any]:
    in_money = budget.unit == "money"
    limit = money_text(budget.limit, currency) if in_money else str(budget.limit)
    values: dict[str, Any] = budget.model_dump()
    return values | {"rule": budget.rule or "", "limit": limit}
