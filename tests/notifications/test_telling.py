"""Telling: a row to read, and a letter where she wants one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from foundation.doors import reading, writing
from foundation.outbox import Message
from members import consents
from members.joining import known_customer
from notifications.models import Notification
from notifications.notices import Notice
from notifications.telling import Telling, tell, tell_many
from tests import people

PAID = Notice("order.paid", "orders", {})
NEWS = Notice("news", "news", {})


def letters() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Message)) or 0


def test_a_transactional_notice_is_also_a_letter(database: Any, now: datetime) -> None:
    with writing() as session:
        ada = people.ada(session)
        told = tell(session, ada.id, PAID, now, link="/orders/1", about="order:1", total=100)
    with reading() as session:
        row = session.get_one(Notification, told)
    assert (row.params, row.read_at, row.link) == ({"total": 100}, None, "/orders/1")
    assert letters() == 1


def test_news_needs_consent(database: Any, now: datetime) -> None:
    with writing() as session:
        ada = people.ada(session)
        tell(session, ada.id, NEWS, now, link="/")
    assert letters() == 0
    with writing() as session:
        consents.give(session, ada.id, {"news": True}, now)
        tell(session, ada.id, NEWS, now, link="/")
    assert letters() == 1


def test_somebody_without_an_address_gets_no_letter(database: Any, now: datetime) -> None:
    with writing() as session:
        who = known_customer(session, now, customer_ref="1")
        tell(session, who, PAID, now, link="/")
    assert letters() == 0


def test_many_are_told_at_once(database: Any, now: datetime) -> None:
    with writing() as session:
        cast = [people.ada(session), people.ben(session), people.cleo(session)]
        told = tell_many(session, PAID, [Telling(who.id, "/") for who in cast], now)
    assert len(set(told)) == 3
    assert letters() == 3
