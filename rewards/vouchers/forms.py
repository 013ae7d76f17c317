"""Forms of the counter: whose vouchers, one taken off an order, and given back."""

from __future__ import annotations

from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length, Optional

from foundation.money import typed_amount
from foundation.refusal import Refused
from foundation.web.forms import Form
from foundation.words import lazy
from rewards.till_forms import code_field, order_field


class FindForm(Form):
    """Which voucher, or whose; asked by GET."""

    class Meta(Form.Meta):
        csrf = False

    code = code_field(
        lazy("Voucher’s code, @name or e-mail address"),
        lazy("A code is typed as it is read: case and hyphens do not matter."),
    )


class UseForm(Form):
    """The voucher `code` and the order it is taken off, or given back from."""

    code = HiddenField(validators=[InputRequired(), Length(max=64)])
    order = order_field()
    total = StringField(
        lazy("What the order is worth"),
        [Optional(), Length(max=40)],
        description=lazy("Before the voucher, in its currency."),
        render_kw={"inputmode": "decimal", "autocomplete": "off"},
    )

    def worth(self, currency: str) -> int | None:
        """The total in minor units, None when nothing was typed; Refused when it is no amount."""
        if not self.typed("total"):
            return None
        try:
            return typed_amount(self.typed("total"), currency, 0)
        except Refused as refusal:
            refusal.field = "total"
            raise
