"""One person, one way to write her address."""

from __future__ import annotations

import pytest

from foundation.refusal import Refused
from members.addresses import is_same_mailbox, normalise, normalise_known


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Ada@Example.COM ", "ada@example.com"),
        ("ada.l+tea@example.co.uk", "ada.l+tea@example.co.uk"),
        ("ada@茶.example.cn", "ada@xn--cl1a.example.cn"),
        ("o'hara@example.com", "o'hara@example.com"),
        ("ada@shop.test", "ada@shop.test"),
    ],
)
def test_it_works(typed: str, kept: str) -> None:
    assert normalise(typed) == kept
    assert normalise(kept) == kept


@pytest.mark.parametrize(
    "typed",
    [
        *("", "ada", "ada@", "@example.com", "ada@@example.com", "a..b@example.com"),
        *("ada@localhost", "ada@example..com", "ada@-x.com", "a b@example.com"),
        *(f"{'a' * 65}@example.com", "ada@x.com, ben@x.com", f"a@{'x' * 64}.com"),
        f"{'a' * 60}@{'x.' * 110}com",
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(Refused):
        normalise(typed)
    assert normalise_known(typed) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ada@example.com", "Ada@Example.com", True),
        ("ada@example.com", "ada+tea@example.com", True),
        ("a.d.a@gmail.com", "ada+2@googlemail.com", True),
        ("a.da@example.com", "ada@example.com", False),
        ("ada@example.com", "ada@example.org", False),
        ("+ada@example.com", "+ben@example.com", False),
        (None, None, False),
    ],
)
def test_one_mailbox_is_one_person(one: str | None, other: str | None, same: bool) -> None:
    assert is_same_mailbox(one, other) is same
