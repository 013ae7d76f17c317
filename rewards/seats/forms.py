"""Forms of seats: the agreement, an invitation, its answer, a settlement."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import HiddenInput

from foundation.web.forms import DayField, Form, WholeField, choices
from foundation.web.texts import ask_in_every_language
from foundation.words import lazy
from rewards.perks.forms import ReasonForm, reason_field
from rewards.perks.granting import REASON_LENGTH
from rewards.seats.agreements import BODY_LENGTH
from rewards.seats.answering import NAME_LENGTH
from rewards.seats.inviting import LONGEST_MONTHS, MOST_UNITS, InvitationDraft, UnitsDraft


class AgreementForm(Form):
    """The draft of the next version; its texts are added below."""

    revision = WholeField(validators=[Optional()], widget=HiddenInput())
    vested_when_leaving = RadioField(
        lazy("Units that have vested when a seat ends"),
        choices=choices(
            [
                ("settled", lazy("are settled with the member as the text says")),
                ("lapses", lazy("lapse with the seat")),
            ]
        ),
        default="settled",
        description=lazy("What has not vested is forfeited either way."),
    )


def _body(language: str, needed: bool) -> Any:
    return TextAreaField(
        lazy("Agreement (%(language)s)", language=language),
        [InputRequired() if needed else Optional(), Length(max=BODY_LENGTH)],
        description=lazy("Markdown works: **bold**, _italic_, - list.") if needed else "",
        render_kw={"rows": 14 if needed else 8},
    )


ask_in_every_language(AgreementForm, "body", _body)


class PublishAgreementForm(Form):
    """The last question before a version is for good."""

    revision = WholeField(validators=[InputRequired()], widget=HiddenInput())
    sure = BooleanField(
        lazy("This is the text that members will accept. It can be superseded, but never changed."),
        [InputRequired(lazy("Tick the box to publish."))],
    )


class InviteForm(Form):
    """An invitation: the seat alone, or with units."""

    handle = StringField(
        lazy("Member"),
        [InputRequired(), Length(max=254)],
        description=lazy("Her handle, like @ada, or her e-mail address."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    reason = TextAreaField(
        lazy("Why you ask her"),
        [InputRequired(), Length(max=REASON_LENGTH)],
        description=lazy("The member reads it."),
        render_kw={"rows": 3, "maxlength": REASON_LENGTH},
    )
    kind = RadioField(
        lazy("What the seat comes with"),
        choices=choices(
            [
                ("seat", lazy("The seat alone: advice, a voice, no economic side")),
                ("units", lazy("The seat and units that vest")),
            ]
        ),
        default="seat",
    )
    units = WholeField(lazy("Units"), [Optional(), NumberRange(1, MOST_UNITS)])
    months = WholeField(
        lazy("Vest over so many months"), [Optional(), NumberRange(1, LONGEST_MONTHS)], default=24
    )
    cliff_months = WholeField(
        lazy("Nothing vests before so many months"),
        [Optional(), NumberRange(0, LONGEST_MONTHS)],
        default=6,
    )
    starts_on = DayField(lazy("Counted from"), [Optional()])

    def draft(self, now: datetime) -> InvitationDraft:
        """What was typed; the seat alone unless units were chosen."""
        units = None
        if self.kind.data == "units":
            start = self.starts_on.data or now.date()
            units = UnitsDraft(
                self.units.data or 0,
                self.months.data or 0,
                self.cliff_months.data or 0,
                datetime.combine(start, time(), UTC),
            )
        return InvitationDraft(self.typed("handle"), self.typed("reason"), units)


class AcceptForm(Form):
    """A member's acceptance."""

    agreement = WholeField(validators=[InputRequired()], widget=HiddenInput())
    language = HiddenField()  # in which it was shown
    typed_name = StringField(
        lazy("Your name, typed as you would sign"),
        [InputRequired(), Length(max=NAME_LENGTH)],
        render_kw={"autocomplete": "name"},
    )
    country = SelectField(lazy("The country you live in"), choices=[], default="")
    without_units = BooleanField(
        lazy("I take the seat without units"),
        description=lazy("The seat is the same; nothing vests."),
    )
    read = BooleanField(
        lazy("I have read the agreement above and accept it."),
        [InputRequired(lazy("Tick the box to accept."))],
    )


class SettleForm(ReasonForm):
    """Vested units that were settled outside; `step` makes a double press one settlement."""

    reason = reason_field(id="settle-reason")  # it stands on one page with the end of the seat
    step = WholeField(validators=[InputRequired()], widget=HiddenInput())
    amount = WholeField(lazy("Units"), [InputRequired(), NumberRange(1, MOST_UNITS)])
