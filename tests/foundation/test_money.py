"""What people type as money."""

from __future__ import annotations

import pytest

from foundation.money import is_currency, parse_amount, typed_amount
from foundation.refusal import Refused


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("29.33", "USD", 2933),
        (" 1,234.5 ", "USD", 123450),
        ("1,23,456", "INR", 12345600),
        ("１２.５", "USD", 1250),
        (".5", "USD", 50),
        ("5.", "USD", 500),
        ("1,234", "JPY", 1234),
        ("1.234", "KWD", 1234),
        ("-3", "USD", -300),
        ("¥1,200", "JPY", 1200),
        ("￥1,200", "JPY", 1200),
        ("JP¥50", "JPY", 50),
        ("KWD 1.250", "KWD", 1250),
        ("5 USD", "USD", 500),
        ("US$5", "USD", 500),
        ("1 234.50", "USD", 123450),
        ("1\u202f234\u00a0567", "USD", 123456700),
        ("1'234", "USD", 123400),
        ("１，２３４．５", "USD", 123450),
        ("\ufeff$5\u200b", "USD", 500),
    ],
)
def test_an_amount_is_read_to_the_minor_unit(text: str, currency: str, minor: int) -> None:
    assert parse_amount(text, currency) == minor


@pytest.mark.parametrize(
    "text",
    [
        "12,34",
        "1,2",
        "1,2345",
        ",5",
        "1.2.3",
        "1e9",
        "NaN",
        "Infinity",
        "0x10",
        "",
        ".",
        "¥5",
        "$",
        "$$5",
        "5²",
        "1 2",
        "12 34",
        "\u202e51\u202c",
    ],
)
def test_what_could_mean_another_amount_is_refused(text: str) -> None:
    """Twelve thirty-four, as half of Europe writes it, must not become twelve hundred."""
    with pytest.raises(Refused):
        parse_amount(text, "USD")


@pytest.mark.parametrize(
    ("text", "currency"), [("0.5", "JPY"), ("1.2345", "KWD"), ("1.005", "USD")]
)
def test_more_decimals_than_a_currency_has_are_refused(text: str, currency: str) -> None:
    with pytest.raises(Refused, match="more decimals"):
        parse_amount(text, currency)


def test_an_amount_beyond_what_is_asked_for_says_on_which_side() -> None:
    with pytest.raises(Refused, match="too small"):
        parse_amount("-5", "USD", 0, 1_000)
    with pytest.raises(Refused, match="too large"):
        parse_amount("10.01", "USD", 0, 1_000)


def test_a_thousand_with_a_point_is_no_dollar_where_people_type() -> None:
    """Half of the world writes 1.000 for a thousand; machines pad amounts with zeros."""
    with pytest.raises(Refused, match=r"“1\.000” has more decimals than USD knows"):
        typed_amount("1.000", "USD")
    with pytest.raises(Refused, match="more decimals"):
        typed_amount("5.00", "JPY")
    assert typed_amount("1.000", "KWD") == 1_000
    assert typed_amount("$1,000.00", "USD") == 100_000
    assert parse_amount("29.3300", "USD") == 2_933


def test_of_a_text_without_end_a_few_words_are_said_again() -> None:
    with pytest.raises(Refused) as refusal:
        parse_amount("x" * 100_000, "USD")
    assert len(str(refusal.value)) < 80


@pytest.mark.parametrize("code", ["XXX", "XTS", "XAU", "usd", "ABC", ""])
def test_what_nobody_pays_with_is_no_currency(code: str) -> None:
    assert not is_currency(code)
    assert is_currency("XOF")
