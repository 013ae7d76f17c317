"""Fields that the desks of the counter share: whose turn it is, and for which order."""

from __future__ import annotations

from typing import Any

from wtforms import StringField
from wtforms.validators import InputRequired, Length, Regexp

from foundation.words import lazy

PLAIN = {"autocomplete": "off", "spellcheck": "false"}


def code_field(label: Any, description: Any) -> StringField:
    """Where a code is scanned into, or somebody's name or address is typed."""
    return StringField(
        label,
        [InputRequired(), Length(max=300)],
        description=description,
        render_kw=PLAIN | {"autofocus": True},
    )


def order_field() -> StringField:
    """The order or receipt that something is taken off, or given back from."""
    return StringField(
        lazy("Order or receipt"),
        [
            InputRequired(),
            Length(max=100),
            Regexp(r"^[^\x00-\x1f]*$", message=lazy("Write it on one line.")),
        ],
        description=lazy("Once for each number: that keeps it from being taken twice."),
        filters=[_tidy],
        render_kw=PLAIN,
    )


def _tidy(text: Any) -> Any:
    return text.strip() if isinstance(text, str) else text
