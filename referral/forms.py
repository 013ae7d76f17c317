"""Forms of the referral pages."""

from __future__ import annotations

from typing import Any

from wtforms import RadioField, StringField
from wtforms.validators import InputRequired, Length

from foundation.web.forms import Form, choices
from foundation.words import lazy
from referral import codes, deciding

VERDICTS: tuple[tuple[str, Any], ...] = (
    ("same_person", lazy("They are one person")),
    ("same_household", lazy("It is an order of their own household")),
    ("made_up", lazy("The order was made up for the reward")),
)
assert tuple(key for key, _label in VERDICTS) == deciding.REFUSALS


class NameForm(Form):
    """The name that friends read."""

    name = StringField(
        lazy("Name your friends see"),
        [
            InputRequired(lazy("Write the name your friends know you by.")),
            Length(max=codes.LONGEST_NAME),
        ],
    )


class VerdictForm(Form):
    """Why a doubted referral is refused."""

    reason = RadioField(
        lazy("Why is it refused? The member reads this."),
        [InputRequired(lazy("Choose a reason. The member reads it."))],
        choices=choices(VERDICTS),
    )
