"""Forms of the demo checkout, of the staff's desk and of the owner's imports."""

from __future__ import annotations

from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import AnyOf, InputRequired, Optional

from foundation.web.forms import Form, WholeField
from foundation.words import lazy

#: What staff can make happen to an order of the demo shop.
DEMO_STEPS = {
    "ship": lazy("Ship it"),
    "deliver": lazy("Deliver it"),
    "refund": lazy("Give money back"),
    "cancel": lazy("Cancel it"),
}


class BuyForm(Form):
    """How many to buy."""

    quantity = WholeField(lazy("How many"), [Optional()], default=1)


class DemoStepForm(Form):
    """What happens next to an order of the demo shop."""

    step = HiddenField(validators=[AnyOf(list(DEMO_STEPS))])
    amount = StringField(lazy("Amount to give back"), [Optional()])


class ImportForm(Form):
    """A file of orders and what cannot be found out by looking at it."""

    file = FileField(
        lazy("File"),
        [FileRequired(lazy("Choose a file."))],
        description=lazy("CSV from your shop or spreadsheet; 512 MB at most"),
    )
    currency = StringField(
        lazy("Currency"),
        [InputRequired()],
        description=lazy("Where no column says it: three letters"),
    )
    time_zone = StringField(
        lazy("Time zone"), [Optional()], description=lazy("Of dates that name none")
    )
    date_format = StringField(
        lazy("How dates are written"),
        [Optional()],
        description=lazy("Leave empty and we find out. Otherwise like %d.%m.%Y"),
    )
    columns = TextAreaField(
        lazy("Columns"),
        [Optional()],
        description=lazy("Leave empty and we find out. Otherwise one per line: order_id=InvoiceNo"),
    )

    def said(self) -> dict[str, str]:
        """{our field: the file's heading}; lines without an equals sign are headings of nothing."""
        lines = [line.partition("=") for line in (self.columns.data or "").splitlines()]
        return {field.strip(): heading.strip() for field, _sign, heading in lines if field.strip()}
