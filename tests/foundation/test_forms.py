"""What is typed into a form's fields, as browsers send it."""

from __future__ import annotations

from typing import Any

import pytest
import wtforms
from werkzeug.datastructures import MultiDict
from wtforms.validators import InputRequired, NumberRange

from foundation.web.forms import DayField, Form, WholeField, visible


class Count(wtforms.Form):
    day = DayField("Day")
    times = WholeField("Times", [NumberRange(-9, 10_000)], default=6)


class Named(Form):
    """A form of ours, with all that may be asked."""

    name = wtforms.StringField("Name", [InputRequired()])
    password = wtforms.PasswordField("Password")
    day = DayField("Day", [InputRequired()])
    times = WholeField("Times", [InputRequired()])


def test_a_whole_number_reaches_us_as_it_was_typed() -> None:
    """A browser's own field for numbers would make 15 of “1,5”, and nothing of “1e”."""
    field = str(Count().times())
    assert 'type="text"' in field
    assert 'inputmode="numeric"' in field


@pytest.mark.parametrize(
    ("typed", "number"),
    [("1,000", 1000), ("１００", 100), ("٣", 3), (" -7 ", -7), ("0012", 12)],
)
def test_a_whole_number_is_read(typed: str, number: int | None) -> None:
    form = Count(MultiDict({"times": typed}))
    assert form.validate()
    assert form.times.data == number


@pytest.mark.parametrize(
    "typed",
    ["1,5", "1.5", "1e", "1e30", "NaN", "--", "1_000", "1,00", "🐘", "9" * 30, "9" * 10_000],
)
def test_what_is_no_whole_number_is_refused_and_kept(typed: str) -> None:
    form = Count(MultiDict({"times": typed}))
    assert not form.validate()
    (sentence,) = form.times.errors
    assert sentence in (f"“{typed}” is not a whole number.", "This number is too large.")
    assert f'value="{typed}"' in str(form.times())


@pytest.mark.parametrize("typed", ["0026-12-31", "9999-12-31", "20266-12-31", "31.12.2026", "soon"])
def test_what_is_no_day_of_our_time_is_refused_and_kept(typed: str) -> None:
    form = Count(MultiDict({"day": typed}))
    assert not form.validate()
    assert form.day.errors == [f"“{typed}” is not a day. Write it like 2026-03-31."]
    assert f'value="{typed}"' in str(form.day())


@pytest.mark.parametrize("blank", ["", "   ", "\u00a0", "\u200b", "\u0301", "\x01"])
def test_what_nobody_sees_is_nothing(app: Any, blank: str) -> None:
    """A day of blanks once passed as given, and was no day behind it."""
    typed = dict.fromkeys(("name", "day", "times"), blank) | {"password": "\u200b\x01"}
    with app.test_request_context(method="POST", data=typed):
        form = Named()
        assert not form.validate()
        for name in ("name", "day", "times"):
            assert form[name].errors == ["This field is required."], name
        assert form.password.data == "\u200b\x01"


def test_signs_that_steer_machines_are_left_out_and_breaks_are_lines() -> None:
    assert visible("a\x1b[31m\x07b\x0bc\x7f\n\td") == "a[31mb\nc\n\td"
    assert visible("👩‍👧 e\u0301 茶") == "👩‍👧 e\u0301 茶"


@pytest.mark.parametrize("body", ['{"name": ["a"], "times": 5, "day": null}', "[1]", '"x"', "5"])
def test_json_is_no_form(app: Any, body: str) -> None:
    """A list where a text belongs, which no browser sends."""
    with app.test_request_context(method="POST", data=body, content_type="application/json"):
        form = Named()
        assert not form.validate()
        assert not form.name.data


def test_no_number_is_larger_than_the_smallest_column_holds(app: Any) -> None:
    form = Count(MultiDict({"times": str(2**31 - 1)}))
    assert not form.validate()
    assert form.times.errors == ["This number is too large."]


@pytest.mark.parametrize("number", ["²", "٣", "9" * 5_000])
def test_a_row_of_a_number_that_is_none_is_no_row(app: Any, number: str) -> None:
    class Listed(Form):
        cups = wtforms.FieldList(wtforms.StringField("Cup"))

    typed = {"cups-0": "a", f"cups-{number}": "b"}
    with app.test_request_context(method="POST", data=typed):
        assert Listed().cups.data == ["a"]
