"""Points for a voucher: once per request, never more than there are, whoever is quickest."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select

from foundation import clock
from foundation.doors import reading, writing
from foundation.refusal import Refused
from rewards.catalogue import redeeming
from rewards.catalogue.redeeming import Order
from rewards.models import Voucher
from rewards.vouchers import codes as vouchers
from tests.threads import ended


def with_points(house: Any, times: int, now: Any) -> None:
    """20 points a time, at once."""
    for number in range(times):
        house.happens("review.published", house.ben, now, product=f"p{number}", order=None)


def redeem(house: Any, key: str, now: Any, item: str = "voucher-5") -> Voucher:
    with writing() as session:
        voucher = redeeming.redeem(session, house.ben, Order(item, key), now).voucher
        assert voucher is not None
        return voucher


def test_it_works(programme: Any, now: Any) -> None:
    with_points(programme, 5, now)
    voucher = redeem(programme, "form-0001", now)
    assert (voucher.value, voucher.currency, voucher.cost) == (500, "USD", 100)
    assert (
        programme.balances(programme.ben).available,
        programme.balances(programme.ben).spent,
    ) == (
        0,
        100,
    )


def test_the_same_request_for_something_else_is_refused(programme: Any, now: Any) -> None:
    with_points(programme, 5, now)
    redeem(programme, "form-0001", now)
    with pytest.raises(Refused, match="ordered something before"):
        redeem(programme, "form-0001", now, "voucher-12")


def test_what_the_catalogue_does_not_have_is_refused(programme: Any, now: Any) -> None:
    with pytest.raises(Refused, match="no longer has"):
        redeem(programme, "form-0001", now, "a-car")


@pytest.mark.parametrize("keys", [["same"] * 4, ["a", "b", "c", "d"]])
def test_clicks_at_the_same_time_buy_one(programme: Any, now: Any, keys: list[str]) -> None:
    """One form clicked four times, or four forms with points for one: one voucher either way."""
    with_points(programme, 5, now)
    done = ended([partial(redeem, programme, f"form-{key}", clock.now()) for key in keys])
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Voucher)) == 1
    assert len(done) - done.count("ok") == len(set(keys)) - 1
    assert programme.balances(programme.ben).available == 0


def test_codes_are_long_enough_and_differ() -> None:
    codes = {vouchers.new_code() for _ in range(2_000)}
    assert len(codes) == 2_000
    assert all(len(code) == 19 for code in codes)  # 16 letters of 5 bits: 80 bits
