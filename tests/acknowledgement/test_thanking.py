from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from acknowledgement.models import Acknowledgement
from acknowledgement.notices import BY_KIND
from acknowledgement.rules import THANKS
from foundation.doors import reading, writing
from foundation.outbox import Message
from foundation.words import use_language
from notifications import notices, rendering
from notifications.models import Notification
from shop import import_runs, order_files, ordering
from tests import people
from tests.shop import files, orders


@pytest.fixture
def ben(database):
    with writing() as session:
        return people.ben(session).id


def told(kind):
    with reading() as session:
        return session.scalars(select(Notification).where(Notification.kind == kind)).all()


def count(model):
    with reading() as session:
        return session.scalar(select(func.count()).select_from(model))


def test_a_first_order_is_thanked_with_a_welcome_and_a_letter(ben, now):
    with writing() as session:
        order = orders.paid_order(session, ben, now)
    (notification,) = told("order.paid")
    assert notification.params["is_first"] is True
    assert notification.link == f"/me/orders/{order.id}"
    with reading() as session:
        letters = session.scalars(select(Message).where(Message.channel == "mail")).all()
    assert {"notification": notification.id} in [letter.payload for letter in letters]


def test_a_second_order_is_thanked_without_the_welcome(ben, now):
    with writing() as session:
        orders.paid_order(session, ben, now)
        orders.paid_order(session, ben, now + timedelta(hours=1))
    assert sorted(n.params["is_first"] for n in told("order.paid")) == [False, True]


def test_each_step_is_told_once_however_often_it_comes(ben, now):
    with writing() as session:
        order = orders.paid_order(session, ben, now)
    for _again in range(2):
        with writing() as session:
            ordering.ship(session, order.id, now)
        with writing() as session:
            ordering.deliver(session, order.id, now)
            ordering.refund(session, order.id, 1400, "r1", now)
    for kind in ("order.paid", "order.shipped", "order.delivered", "order.refunded"):
        assert len(told(kind)) == 1, kind
    assert count(Acknowledgement) == 4


@pytest.mark.parametrize(("days", "late"), [(3, 0), (5, 0), (6, 1), (9, 4)])
def test_the_promise_is_told_as_it_was(ben, now, days, late):
    promised = (now + timedelta(days=5)).date()
    with writing() as session:
        order = orders.paid_order(session, ben, now, promised_on=promised)
        arrived = now + timedelta(days=days)
        ordering.deliver(session, order.id, arrived)
    (notification,) = told("order.delivered")
    assert notification.params["days_late"] == late


def test_news_that_was_overtaken_is_not_told(ben, now):
    with writing() as session:
        order = orders.paid_order(session, ben, now)
        ordering.deliver(session, order.id, now)
        ordering.ship(session, order.id, now)
    assert told("order.shipped") == []


def test_an_import_of_past_years_thanks_nobody(database, now, tmp_path):
    source = order_files.look_at(files.first_orders(tmp_path, 300), currency="USD")
    import_runs.run(source, now)
    assert count(Acknowledgement) == count(Notification) == count(Message) == 0


def test_an_import_of_this_weeks_orders_thanks_everybody(database, now, tmp_path):
    path = tmp_path / "week.csv"
    day = (now - timedelta(days=2)).date()
    rows = "".join(f"{n},{n}@example.com,{day},1.00\n" for n in range(40))
    path.write_text("order_id,email,ordered_on,amount\n" + rows)
    import_runs.run(order_files.look_at(path, currency="USD"), now)
    assert len(told("order.paid")) == count(Acknowledgement) == 40


@pytest.mark.parametrize("rule", THANKS, ids=lambda rule: rule.name)
@pytest.mark.parametrize("language", ["en", "zh_Hans", "zh_Hant"])
def test_every_rule_has_words(rule, language):
    with use_language(language):
        words = rendering.words_of(
            rule.notice, BY_KIND[rule.notice].example, name="Ben", site_name="Bellmouth"
        )
    assert words.subject
    assert words.paragraphs
    assert words.action
    assert "%(" not in " ".join((words.subject, *words.paragraphs))


def test_every_notice_is_known_to_the_previews(database):
    assert {rule.notice for rule in THANKS} <= set(notices.known())


def test_a_promised_day_is_the_same_day_in_every_zone():
    for zone in ("UTC", "Pacific/Auckland", "America/Los_Angeles"):
        with use_language("en", zone):
            words = rendering.words_of(
                "order.shipped",
                {"number": "1", "promised_on": "2026-03-06"},
                name="Ben",
                site_name="Bellmouth",
            )
        assert "Mar 6, 2026" in " ".join(words.paragraphs)
