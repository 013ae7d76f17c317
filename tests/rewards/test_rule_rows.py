"""A rule as it is typed: what is no amount is refused with one sentence that can be read."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict

from foundation.refusal import Refused
from rewards.cards.forms import CardForm
from rewards.first_programme import first_programme
from rewards.row_forms import products_of
from rewards.rule_forms import RuleForm


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("-5", "Write a number of at least 1."),
        ("0", "Write a number of at least 1."),
        ("1,5", "“1,5” is not a whole number."),
        ("x" * 10_000, "Field cannot be longer than 20 characters."),
    ],
)
def test_what_is_no_amount_is_refused_with_one_sentence(typed: str, sentence: str) -> None:
    row = RuleForm(MultiDict({"name_en": "Posts", "fact": "post.written", "amount": typed}))
    row.offer(first_programme(), "USD")
    assert not row.validate()
    assert row.amount.errors == [sentence]


@pytest.mark.parametrize("row", [RuleForm, CardForm])
def test_products_are_read_with_any_comma_and_none_is_cut_off(row: type[RuleForm]) -> None:
    assert products_of(row(MultiDict({"products": "A-tea，b、c; a-tea,"})).products) == (
        "a-tea",
        "b",
        "c",
    )
    for typed, sentence in (
        ("a" * 81, "is too long for a product"),
        (",".join(f"tea{number}" for number in range(51)), "at most 50 products"),
    ):
        with pytest.raises(Refused, match=sentence) as refusal:
            products_of(row(MultiDict({"products": typed})).products)
        assert refusal.value.field == "products"
