"""Forms of the counter: credit taken for an order, and given back."""

from __future__ import annotations

from datetime import datetime

from wtforms import HiddenField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from foundation.money import typed_amount
from foundation.refusal import Refused
from foundation.tables import new_id
from foundation.web.forms import Form, choices
from foundation.words import lazy
from rewards.credit.giving_back import GivingBack
from rewards.credit.models import CreditTaking
from rewards.credit.purse import Purse
from rewards.credit.taking import Taking, check_currency
from rewards.till_forms import order_field


class TakeForm(Form):
    """So much for this order; `request_key` makes a double press one taking."""

    code = HiddenField(validators=[InputRequired(), Length(max=300)])
    request_key = HiddenField(validators=[InputRequired(), Length(8, 64)])
    amount = StringField(
        lazy("Amount"),
        [InputRequired(), Length(max=40)],
        render_kw={"inputmode": "decimal", "autocomplete": "off"},
    )
    currency = SelectField(lazy("Currency"), validate_choice=False, choices=choices([]))
    order = order_field()

    def offer(self, purses: list[Purse], now: datetime) -> None:
        """Let choose among what she has, and make the next press another taking."""
        has = [each.currency for each in purses if each.available]
        typed = self.typed("currency")
        gone = [typed] if typed and typed not in has else []
        self.currency.choices = choices((code, code) for code in [*has, *gone])
        self.request_key.data = self.request_key.data or new_id(now)

    def taking(self, member_id: str, by_id: str) -> Taking:
        """What was asked; Refused when the amount is none."""
        currency = self.typed("currency")
        check_currency(currency)
        amount = _minor(self.typed("amount"), currency)
        key = f"desk:{self.typed('request_key')}"
        return Taking(member_id, self.typed("order"), amount, currency, key, by_id=by_id)


class GiveBackForm(Form):
    """Part of a taking, or all that is left when no amount is typed."""

    request_key = HiddenField(validators=[InputRequired(), Length(8, 64)])
    amount = StringField(
        lazy("Amount to give back"),
        [Optional(), Length(max=40)],
        render_kw={"inputmode": "decimal", "autocomplete": "off"},
    )

    def giving_back(self, taking: CreditTaking, by_id: str) -> GivingBack:
        """What was asked; Refused when the amount is none."""
        typed, key = self.typed("amount"), f"desk:{self.typed('request_key')}"
        amount = _minor(typed, taking.currency) if typed else None
        return GivingBack(taking.id, key, amount, by_id=by_id)


def _minor(typed: str, currency: str) -> int:
    try:
        return typed_amount(typed, currency)
    except Refused as refusal:
        refusal.field = "amount"
        raise
