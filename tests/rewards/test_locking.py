"""Whoever waits for a member holds none of his grants: so nobody waits for each other for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from foundation.doors import dialect, writing
from rewards.locking import lock_members
from rewards.models import Grant
from tests.threads import until_it_waits


def refunding(house: Any, order: str, now: datetime) -> Callable[[], object]:
    return lambda: house.refunds(order, house.ben, 10_000, 10_000, now + timedelta(days=1))


def releasing(house: Any, _order: str, now: datetime) -> Callable[[], object]:
    return lambda: house.release(now + timedelta(days=20))


@pytest.mark.parametrize("doing", [refunding, releasing])
def test_who_waits_for_a_member_holds_none_of_his_grants(
    programme: Any, now: datetime, doing: Callable[..., Callable[[], object]]
) -> None:
    if dialect() != "postgresql":
        pytest.skip("SQLite has one writer")
    order = programme.pays(programme.ben, 10_000, now)
    thread = threading.Thread(target=doing(programme, order, now))
    with writing() as session:
        lock_members(session, [programme.ben])
        thread.start()
        until_it_waits(thread)
        session.scalars(select(Grant.id).with_for_update(nowait=True)).one()
    thread.join()
    assert programme.balances(programme.ben).pending == 0
