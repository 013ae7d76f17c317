"""Forms of the demo checkout and of the staff's desk."""

from __future__ import annotations

from wtforms import HiddenField, IntegerField, StringField
from wtforms.validators import AnyOf, Optional

from foundation.web.forms import Form
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

    quantity = IntegerField(lazy("How many"), [Optional()], default=1)


class DemoStepForm(Form):
    """What happens next to an order of the demo shop."""

    step = HiddenField(validators=[AnyOf(list(DEMO_STEPS))])
    amount = StringField(lazy("Amount to give back"), [Optional()])
