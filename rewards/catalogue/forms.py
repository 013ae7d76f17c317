"""Forms of the catalogue: what a member orders, what staff did about it, what came in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, Regexp
from wtforms.widgets import HiddenInput

from foundation.tables import new_id
from foundation.web.forms import Form, WholeField, choices
from foundation.words import _, lazy, when
from rewards.catalogue.offers import Offer
from rewards.catalogue.redeeming import LONGEST, Order
from rewards.catalogue.redemption_rules import STEPS


class OrderForm(Form):
    """One item about to be redeemed; `request_key` makes a double click one purchase, `seen` is the
    version whose terms the page shows."""

    request_key = HiddenField(validators=[InputRequired(), Length(8, 64)])
    seen = WholeField(validators=[Optional()], widget=HiddenInput())
    occasion = RadioField(lazy("Which date"), validate_choice=False)
    address = TextAreaField(
        lazy("Where should we send it?"),
        [InputRequired(lazy("Say where we should send it.")), Length(max=LONGEST)],
        description=lazy("Name, street, town and country, as on an envelope."),
        render_kw={"rows": 5, "maxlength": LONGEST, "autocomplete": "street-address"},
    )
    note = TextAreaField(
        lazy("Anything we should know"),
        [Optional(), Length(max=LONGEST)],
        render_kw={"rows": 2, "maxlength": LONGEST},
    )

    def offer(self, offer: Offer) -> None:
        """Ask what this item needs, and nothing else."""
        if offer.places:
            self.occasion.choices = choices(
                (place.occasion, _place(place.at, place.left)) for place in offer.places
            )
        else:
            del self.occasion
        if not offer.item.sent:
            del self.address
        if offer.item.is_voucher:
            del self.note

    def begin(self, version: int, now: datetime) -> None:
        """Let the next press be an order of its own, on the terms of `version`."""
        self.request_key.data, self.seen.data, self.seen.raw_data = new_id(now), version, None

    def order(self, item: str) -> Order:
        """What was typed."""
        return Order(
            item,
            self.typed("request_key"),
            self.typed("occasion") if "occasion" in self else "",
            self.typed("address") if "address" in self else "",
            self.typed("note") if "note" in self else "",
            self.seen.data,
        )


def _place(at: Any, left: int | None) -> str:
    day = when(at, "short")
    if left is None:
        return day
    return _("%(day)s, %(left)s left", day=day, left=left) if left else _("%(day)s, full", day=day)


class StepForm(Form):
    """What somebody of the staff did about a redemption."""

    act = SelectField(choices=choices((name, name) for name in STEPS))
    text = TextAreaField(
        lazy("What the member should read"),
        [Optional(), Length(max=LONGEST)],
        description=lazy("A tracking number, a time, or why it is cancelled."),
        render_kw={"rows": 2, "maxlength": LONGEST},
    )


class StockForm(Form):
    """Things that came in, or are missing; `movement` makes a double press one count."""

    movement = HiddenField(validators=[Optional(), Regexp(r"^[0-9a-z]{26}$")])
    item = HiddenField(validators=[InputRequired(), Length(max=40)])
    occasion = HiddenField(validators=[Length(max=20)])
    by = WholeField(
        lazy("How many came in"),
        [InputRequired()],
        description=lazy("With a minus, how many are missing."),
    )
    note = StringField(lazy("Note"), [Optional(), Length(max=200)], render_kw={"maxlength": 200})
