"""Whoever waits for a member holds none of his grants: so nobody waits for each other for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from foundation.doors import dialect, reading, writing
from rewards.locking import lock_members
from rewards.models import Grant

WAITING = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")


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
        wait_for_one()
        session.scalars(select(Grant.id).with_for_update(nowait=True)).one()
    thread.join()
    assert programme.balances(programme.ben).pending == 0


def wait_for_one() -> None:
    """Until somebody waits for a lock."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with reading() as session:
            if session.scalar(WAITING):
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")
