from __future__ import annotations

import itertools
import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from standardwebhooks.webhooks import Webhook

from foundation import clock
from foundation.doors import dialect, reading
from foundation.facts import Fact
from shop import webhook_bodies, webhook_runs
from shop.models import InboundEvent, Order, Refund
from tests.threads import at_once


@pytest.fixture
def post(client, settings):
    """Sign a body as the shop would and post it."""

    def post(body, webhook_id="msg_1", at=None, secret=None, client=client, **headers):
        at = at or clock.now()
        signer = Webhook(secret or settings.shop_secret())
        headers = {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signer.sign(webhook_id, at, body),
        } | headers
        return client.post("/webhooks/shop", data=body.encode(), headers=headers)

    return post


def body(kind, order="1001", minutes_ago=60, **more):
    at = clock.now() - timedelta(minutes=minutes_ago)
    return webhook_bodies.example(f"order.{kind}", order, at, **more)


def count(model):
    with reading() as session:
        return session.scalar(select(func.count()).select_from(model))


def test_it_works(post):
    answer = post(body("paid"))
    assert (answer.status_code, answer.json) == (200, {"status": "done"})
    with reading() as session:
        order = session.scalars(select(Order)).one()
        assert (order.number, order.total, order.status) == ("1001", 4200, "paid")
        event = session.scalars(select(InboundEvent)).one()
        assert event.processed_at is not None
        assert session.scalars(select(Fact.kind)).all().count("order.paid") == 1


def test_the_same_webhook_again_is_known_and_does_nothing(post):
    told = body("paid")
    post(told)
    answer = post(told)
    assert (answer.status_code, answer.json) == (200, {"status": "known"})
    assert count(Order) == count(InboundEvent) == 1


OTHER_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.mark.parametrize("seconds", [-301, -3600, 301, 3600])
def test_an_old_or_future_signature_is_refused(post, seconds):
    answer = post(body("paid"), at=clock.now() + timedelta(seconds=seconds))
    assert answer.status_code == 400
    assert answer.json["type"] == "urn:bellmouth:signature"
    assert count(InboundEvent) == 0


@pytest.mark.parametrize("seconds", [-280, 280])
def test_a_clock_that_is_a_little_wrong_is_forgiven(post, seconds):
    assert post(body("paid"), at=clock.now() + timedelta(seconds=seconds)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"webhook-signature": ""},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,not base64 at all"},
        {"webhook-signature": "v0,AAAA"},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "nan"},
        {"webhook-id": "msg_other"},
        {"webhook-id": "m" * 201},
    ],
)
def test_a_signature_that_does_not_fit_is_refused(post, headers):
    assert post(body("paid"), **headers).status_code == 400
    assert count(InboundEvent) == 0


def test_another_secret_or_an_altered_body_is_refused(post, client, settings):
    assert post(body("paid"), secret=OTHER_SECRET).status_code == 400
    told, at = body("paid"), clock.now()
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(settings.shop_secret()).sign("msg_1", at, told),
    }
    spaced = json.dumps(json.loads(told)).encode()
    assert client.post("/webhooks/shop", data=spaced, headers=headers).status_code == 400
    raw = b"\xff\xfe" + told.encode()
    assert client.post("/webhooks/shop", data=raw, headers=headers).status_code == 400
    assert count(Order) == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"type": "order.payed"}, "type"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"timestamp": "2999-01-01T00:00:00Z"}, "timestamp"),
        ({"data": {"order": "1"}}, "data.customer"),
        ({"extra": 1}, "extra"),
    ],
)
def test_a_wrong_body_is_answered_with_the_field(post, change, field):
    told = json.dumps(json.loads(body("paid")) | change)
    answer = post(told)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.json["field"] == field
    assert count(InboundEvent) == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"total": 42}, "data.total"),
        ({"total": "42.001"}, "data.total"),
        ({"total": "-1.00"}, "data.total"),
        ({"currency": "usd"}, "data.currency"),
        ({"order": ""}, "data.order"),
        ({"order": "1\x1b[2J"}, "data.order"),
        ({"customer": {}}, "data.customer"),
        ({"customer": {"mail": "x"}}, "data.customer.mail"),
        ({"customer": {"id": "c", "name": "B\0n"}}, "data.customer.name"),
        ({"lines": [{"title": "x", "amount": "1.00", "quantity": 0}]}, "data.lines.0.quantity"),
        ({"lines": [{"title": "x", "amount": "1.005"}]}, "data.lines.0.amount"),
    ],
)
def test_wrong_data_is_answered_with_the_field(post, change, field):
    answer = post(body("paid", **change))
    assert answer.status_code == 422, answer.json
    assert answer.json["field"] == field
    assert count(Order) == 0


def test_twenty_at_once_have_one_effect(app, post):
    told = body("paid")

    def tell():
        return post(told, client=app.test_client()).status_code

    assert at_once([tell] * 20) == [200] * 20
    assert count(Order) == count(InboundEvent) == 1
    with reading() as session:
        kinds = select(func.count()).where(Fact.kind == "order.paid")
        assert session.scalar(kinds) == 1


NEWS = ("placed", "paid", "shipped", "delivered", "refunded")


def news(moment):
    """One order's whole story, told with the moments at which it happened."""
    at = dict(zip(NEWS, (moment + timedelta(hours=n) for n in range(5)), strict=True))
    return {kind: webhook_bodies.example(f"order.{kind}", "1", at[kind]) for kind in NEWS}


def test_every_order_of_arrival_leads_to_the_same_state(database):
    """All 120 permutations on SQLite, each one order of its own; PostgreSQL sees every fifth."""
    moment = clock.now() - timedelta(days=1)
    story = news(moment)
    ends = set()
    step = 1 if dialect() == "sqlite" else 5
    for n, permutation in enumerate([*itertools.permutations(NEWS)][::step]):
        number = f"n{n}"
        for kind in permutation:
            told = json.loads(story[kind])
            told["data"]["order"] = number
            if kind == "refunded":
                told["data"]["refund"] = f"r{n}"
            text = json.dumps(told)
            event = webhook_bodies.read(text, clock.now())
            webhook_runs.receive(f"{number}-{kind}", event, text, clock.now())
        ends.add(end_of(number))
    assert len(ends) == 1
    assert webhook_runs.unprocessed() == []


def end_of(number):
    with reading() as session:
        order = session.scalars(select(Order).where(Order.number == number)).one()
        subjects = [f"order:{order.id}"]
        subjects += [
            f"refund:{refund}"
            for refund in session.scalars(select(Refund.id).where(Refund.order_id == order.id))
        ]
        facts = session.execute(
            select(Fact.kind, Fact.at).where(Fact.subject.in_(subjects)).order_by(Fact.kind)
        ).all()
    moments = (order.placed_at, order.paid_at, order.shipped_at, order.delivered_at)
    told = (order.status, order.total, order.refunded_total, order.promised_on)
    return (told, moments, tuple(tuple(fact) for fact in facts))


def test_news_of_an_unknown_order_waits_until_it_is_known(post):
    answer = post(body("shipped"), "msg_1")
    assert (answer.status_code, answer.json) == (202, {"status": "waiting"})
    (event,) = webhook_runs.unprocessed()
    assert "is not known yet" in event.error
    post(body("paid"), "msg_2")
    assert webhook_runs.unprocessed() == []
    with reading() as session:
        assert session.scalars(select(Order.status)).one() == "shipped"


def test_giving_back_too_much_is_refused_and_kept_for_looking_at(post):
    post(body("paid"), "msg_1")
    answer = post(body("refunded", amount="42.01"), "msg_2")
    assert answer.status_code == 422
    assert answer.json["title"] == "Only $42.00 of order 1001 are left to give back."
    (event,) = webhook_runs.unprocessed()
    assert event.due_at is None  # trying again will not help


def test_partial_refunds_add_up(post):
    post(body("paid"), "msg_1")
    for n in (1, 2):
        told = body("refunded", refund=f"r{n}", amount="14.00")
        assert post(told, f"msg_r{n}").status_code == 200
    with reading() as session:
        assert session.scalars(select(Order.refunded_total)).one() == 2800


def test_a_failing_hearer_loses_no_webhook(post, app, monkeypatch):
    from foundation import facts

    def break_down(session, heard, now):
        raise RuntimeError("no")

    hearers = facts._hearers
    facts.listen({"order.paid": [break_down]})
    answer = post(body("paid"))
    facts.listen(hearers)
    assert (answer.status_code, answer.json) == (202, {"status": "waiting"})
    assert count(Order) == 0
    later = clock.now() + timedelta(minutes=1)
    assert webhook_runs.retry_due(later) == "Processed: 1; failed: 0"
    assert count(Order) == 1


def test_after_eight_tries_somebody_has_to_look(post):
    post(body("shipped"))
    now = clock.now()
    for _try in range(7):
        now += timedelta(days=2)
        assert webhook_runs.retry_due(now) == "Processed: 0; failed: 1"
    assert webhook_runs.retry_due(now + timedelta(days=9)) == "Processed: 0; failed: 0"
    post(body("paid"), "msg_2")
    assert webhook_runs.unprocessed() == []
