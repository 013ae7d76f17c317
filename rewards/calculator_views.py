"""The calculator of the public page: a form sent by GET, so that an answer has an address."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request
from werkzeug.datastructures import MultiDict
from wtforms import Form, SelectField, StringField
from wtforms.validators import NumberRange, Optional

from foundation import clock
from foundation.doors import reading
from foundation.money import typed_amount
from foundation.refusal import Refused
from foundation.web.forms import WholeField, choices, sentence_of
from foundation.web.pages import render
from foundation.words import lazy, text_in
from rewards import calculating, explaining, explaining_rules, programme
from rewards.calculating import MOST, Imagined, reckon
from rewards.first_programme import dollar
from rewards.row_forms import TranslatedMeta
from rewards.rules import Programme

bp = Blueprint("calculator", __name__)

#: Minor units beyond which an order is a slip of the keyboard.
DEAREST = 10**12
#: What each friend of the example buys for, in dollars.
BASKET = 80


@bp.app_template_global("calculator_example")
def _example(currency: str) -> MultiDict[str, str]:
    """What the calculator begins with: two friends who each buy for what 80 dollars are."""
    return MultiDict({"friends": "2", "friend_total": str(BASKET * dollar(currency))})


def _count(label: Any) -> WholeField:
    return WholeField(label, [Optional(), NumberRange(0, MOST)])


class CalculatorForm(Form):
    """What somebody thinks of doing."""

    Meta = TranslatedMeta

    friends = _count(lazy("Friends I refer"))
    friend_total = StringField(lazy("Each buys for"))
    orders = _count(lazy("Orders of my own"))
    total = StringField(lazy("Each worth"))
    reviews = _count(lazy("Reviews I write"))
    answers = _count(lazy("My answers that are accepted"))
    tier = SelectField(lazy("My tier"), choices=[])

    def imagined(self, rules: Programme) -> Imagined | None:
        """What the form says; None when an amount is none, as its field then says."""
        theirs = self._money("friend_total", rules.currency)
        mine = self._money("total", rules.currency)
        if theirs is None or mine is None:
            return None
        return Imagined(
            friends=self.friends.data or 0,
            friend_total=theirs,
            orders=self.orders.data or 0,
            total=mine,
            reviews=self.reviews.data or 0,
            answers=self.answers.data or 0,
            tier=self.tier.data or "",
        )

    def _money(self, name: str, currency: str) -> int | None:
        text = (self[name].data or "").strip()
        try:
            return typed_amount(text, currency, 0, DEAREST) if text else 0
        except Refused as refusal:
            self[name].errors = [sentence_of(refusal)]
            return None


@bp.get("/how-rewards-work/calculator")
def calculate() -> Any:
    """What the programme in force would give for what the reader typed."""
    now = clock.now()
    with reading() as session:
        version = programme.latest(session)
    if version is None:
        return redirect("/how-rewards-work", 303)
    rules = version.rules
    form = CalculatorForm(request.args or _example(rules.currency))
    form.tier.choices = choices((tier.key, text_in(tier.name)) for tier in rules.tiers)
    if rules.tier(form.tier.data or "") is None:
        form.tier.data = rules.tiers[0].key
    is_valid, imagined = form.validate(), form.imagined(rules)
    imagined = imagined if is_valid else None
    page = render(
        "rewards/calculator.html",
        version=version,
        form=form,
        reckoned=reckon(rules, imagined, now) if imagined else None,
        now=now,
        calculating=calculating,
        explaining=explaining,
        in_words=explaining_rules,
    )
    return page, (200 if imagined else 422)
