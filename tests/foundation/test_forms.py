"""What is typed into a form's fields, as browsers send it."""

from __future__ import annotations

import pytest
import wtforms
from werkzeug.datastructures import MultiDict
from wtforms.validators import NumberRange

from foundation.web.forms import DayField, WholeField


class Count(wtforms.Form):
    day = DayField("Day")
    times = WholeField("Times", [NumberRange(-9, 10_000)], default=6)


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
