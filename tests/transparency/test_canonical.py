"""One way to write a thing down."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transparency.canonical import canonical, moment_text

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
)


def shuffled(value):
    if isinstance(value, dict):
        return {key: shuffled(value[key]) for key in reversed(value)}
    return [shuffled(each) for each in value] if isinstance(value, list) else value


def test_keys_are_sorted_and_nothing_is_padded():
    assert canonical({"b": [1, True, None], "a": "茶"}) == '{"a":"茶","b":[1,true,null]}'.encode()


def test_keys_are_sorted_by_utf_16_as_rfc_8785_wants():
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    written = canonical(dict.fromkeys(keys, 0)).decode()
    order = ["\\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert written == "{" + ",".join(f'"{key}":0' for key in order) + "}"


@given(values)
def test_the_order_of_writing_does_not_matter(value):
    assert canonical(value) == canonical(shuffled(value))


@pytest.mark.parametrize(
    "value", [1.5, float("nan"), Decimal("1.10"), datetime(2026, 1, 1), b"bytes", {1: "number key"}]
)
def test_what_has_no_single_form_is_refused(value):
    with pytest.raises(TypeError):
        canonical({"content": value})


def test_numbers_that_javascript_cannot_hold_are_refused():
    with pytest.raises(ValueError, match="too large"):
        canonical({"n": 2**53})


def test_moments_are_written_in_utc_with_six_decimals():
    noon = datetime(2026, 11, 22, 12, tzinfo=timezone(timedelta(hours=8)))
    assert moment_text(noon) == "2026-11-22T04:00:00.000000Z"
    assert moment_text(noon.astimezone(UTC)) == moment_text(noon)
