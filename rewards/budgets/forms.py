"""The budgets of the draft as a form."""

from __future__ import annotations

from typing import Any

from wtforms import FieldList, FormField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from foundation.money import format_amount, is_currency, typed_amount
from foundation.refusal import Refused
from foundation.web.forms import choices, sentence_of
from foundation.words import _, lazy, text_in
from rewards import explaining_rules
from rewards.budgets.rules import Budget
from rewards.row_forms import MOST_ROWS, Row, SectionForm, chosen, say
from rewards.rule_forms import money_text, whole_number
from rewards.rules import Programme

PERIOD_CHOICES = (("month", lazy("In a calendar month")), ("ever", lazy("In all")))
UNIT_CHOICES = (
    ("points", lazy("Points")),
    ("money", lazy("Money")),
    ("vouchers", lazy("Vouchers")),
)
AT_CAP_CHOICES = (
    ("rest", lazy("Give what is left, then nothing")),
    ("stop", lazy("Give nothing that does not fit whole")),
    ("warn", lazy("Give all the same, and warn the owners")),
)
LARGEST = 10**12
LARGEST_WORTH = 10**9


class BudgetForm(Row):
    """One budget."""

    currency = "USD"

    rule = SelectField(lazy("For"), choices=[], default="")
    period = SelectField(lazy("Counted"), choices=choices(PERIOD_CHOICES), default="month")
    limit = StringField(
        lazy("At most"),
        [InputRequired(), Length(max=20)],
        description=lazy("What is on hold counts too; what refunds take back makes room again."),
    )
    unit = SelectField(
        lazy("In"),
        choices=choices(UNIT_CHOICES),
        default="points",
        description=lazy(
            "In points, store credit is not counted. In money, store credit counts as it is and"
            " points at what they are worth. In vouchers, those that earning rules give are"
            " counted, and nothing else."
        ),
    )
    at_cap = SelectField(
        lazy("When it is used up"),
        choices=choices(AT_CAP_CHOICES),
        default="rest",
        description=lazy("Owners are told at 80 and at 100 per cent either way."),
    )

    def title(self) -> str:
        return next(iter(chosen(self.rule)), "")

    def summary(self) -> str:
        """The row in a few words, while it is closed."""
        try:
            limit = self._limit()
        except Refused:
            return ""
        most = explaining_rules.limit_of(limit, self.unit.data, self.currency)
        return " · ".join([*chosen(self.period), most])

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
            limit = _amount(text, self.currency, "limit", LARGEST)
        else:
            limit = whole_number(text, "limit")
        if not limit:
            raise Refused("Write a number of at least 1.", code="limit", field="limit")
        return limit


class BudgetsForm(SectionForm):
    """How much rewards may cost, and what happens then."""

    LISTS = ("budgets",)
    worth = StringField(
        lazy("100 points cost"),
        [Length(max=20)],
        description=lazy(
            "In the currency of order values. Needed for budgets in money that count points, and"
            " shown beside points in the budgets and in replays."
        ),
    )
    budgets = FieldList(FormField(BudgetForm), max_entries=MOST_ROWS)

    @classmethod
    def of(cls, rules: Programme) -> dict[str, Any]:
        return {
            "worth": money_text(rules.worth_of_100, rules.currency),
            "budgets": [_row(budget, rules.currency) for budget in rules.budgets],
        }

    def offer(self, rules: Programme) -> None:
        """Let every row choose among the draft's rules; one that is gone stays, to be objected."""
        known = {"": _("All rules together")}
        known |= {rule.key: text_in(rule.name) for rule in rules.paying}
        for row in self.budgets.entries:
            own = row.form.rule.data or ""
            row.form.rule.choices = choices((known if own in known else known | {own: own}).items())
            row.form.currency = rules.currency

    def said(self, rules: Programme) -> dict[str, Any] | None:
        parts = super().said(rules)
        try:
            worth = self._worth(rules.currency)
        except Refused as refusal:
            say(self.worth, sentence_of(refusal))
            return None
        return None if parts is None else parts | {"worth_of_100": worth}

    def _worth(self, currency: str) -> int | None:
        text = self.typed("worth").strip()
        if not text:
            return None
        worth = _amount(text, currency, "worth", LARGEST_WORTH)
        if not worth:
            smallest = format_amount(1, currency)
            raise Refused("Write an amount of at least %(least)s.", code="worth", least=smallest)
        return worth


def _amount(text: str, currency: str, field: str, most: int) -> int:
    try:
        return typed_amount(text, currency, 0, most) if is_currency(currency) else 0
    except Refused as refusal:
        refusal.field = field
        raise


def _row(budget: Budget, currency: str) -> dict[str, Any]:
    in_money = budget.unit == "money"
    limit = money_text(budget.limit, currency) if in_money else str(budget.limit)
    values: dict[str, Any] = budget.model_dump()
    return values | {"rule": budget.rule or "", "limit": limit}
