"""A rule as it is typed: what is no amount is refused with one sentence that can be read."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict

from rewards.first_programme import first_programme
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
