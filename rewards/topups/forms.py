"""Forms of the counter: whose turn it is, and one unit taken."""

from __future__ import annotations

from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from foundation.web.forms import Form
from foundation.words import lazy
from rewards.till_forms import code_field
from rewards.topups.taking import Taking


class FindForm(Form):
    """Whose turn it is; asked by GET, so that a scanned code opens the desk."""

    class Meta(Form.Meta):
        csrf = False

    code = code_field(
        lazy("Code, @name or e-mail address"),
        lazy("Scan the code on the member's screen, or type it."),
    )


class TakeForm(Form):
    """One unit; `request_key` makes a double press one use."""

    code = HiddenField(validators=[InputRequired(), Length(max=300)])
    offer = HiddenField(validators=[InputRequired(), Length(max=40)])
    request_key = HiddenField(validators=[InputRequired(), Length(8, 64)])
    reference = StringField(lazy("Receipt (optional)"), [Length(max=100)])

    def taking(self, member_id: str, by_id: str) -> Taking:
        """What was asked."""
        key = f"desk:{self.typed('request_key')}"
        return Taking(member_id, self.typed("offer"), key, self.typed("reference"), by_id=by_id)
