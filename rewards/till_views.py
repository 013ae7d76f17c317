"""What every API for tills has in common: a key, a short strict body, guesses that are counted, and
an answer that is kept for the same Idempotency-Key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import jsonify, request
from sqlalchemy.orm import Session

from foundation import clock
from foundation.doors import reading, writing
from foundation.refusal import Refused
from foundation.web import throttle
from foundation.web.refusals import FORMS
from foundation.words import lazy
from members import api_keys
from rewards.vouchers import answers, bodies
from rewards.vouchers.bodies import TillShape

#: What a till asks fits into a few lines.
LARGEST_BODY = 8 * 1024
#: Wrong codes of one customer, and of all customers of one till. 80 random bits are safe against
#: either; this spares everybody the attempt.
GUESSES_OF_CUSTOMER = "20 per 10 minutes"
GUESSES_OF_TILL = "600 per hour"
WRONG_KEYS = "30 per 10 minutes"
#: What a key of a till can be for.
SCOPES = {
    "vouchers": lazy("Vouchers: look at them, take them off orders, give them back"),
    "credit": lazy("Store credit: look at it, take it off orders, give it back"),
    "prepaid": lazy("Prepaid units: look at them, take them, give them back"),
}


@dataclass(frozen=True)
class Request:
    """Who asks, when, and under which Idempotency-Key."""

    till: str
    key: str | None
    now: datetime


Act = Callable[[Session, Any, Request], dict[str, Any]]


def answer(shape: type[TillShape], scope: str, wrong: tuple[str, ...], act: Act) -> Any:
    """What `act` answers to the present request, whose body must be a `shape`.

    `scope` is what the key must be for, and names the codes whose guesses are counted; `wrong` are
    the refusals that say one was wrong. Guesses count against the till, and where the body tells of
    a customer against her.
    """
    now = clock.now()
    asking = Request(_till(scope, now), request.headers.get("Idempotency-Key"), now)
    if request.mimetype in FORMS:  # curl's own choice; its body is read as a form by now
        raise Refused(
            "Send the body as JSON, with Content-Type: application/json.",
            code="content_type",
            status=415,
        )
    body = request.get_data(cache=False)
    if len(body) > LARGEST_BODY:
        raise Refused("The request is too large.", code="body", status=413)
    asked = bodies.read(shape, body)
    with _guesses(scope, wrong, asking.till, asked), writing() as session:
        said = answers.once(
            session,
            asking.till,
            asking.key,
            request.path.encode() + b"\n" + body,
            now,
            lambda: act(session, asked, asking),
        )
    return jsonify(said)


def needed_key(asking: Request) -> str:
    """The request's own key: without it, a till that asks again would move something twice."""
    if not asking.key:
        raise Refused(
            "Send an Idempotency-Key, so that asking again takes nothing twice.",
            code="idempotency_key",
            status=400,
        )
    return f"{asking.till}:{asking.key}"


def _till(scope: str, now: datetime) -> str:
    """The identifier of the key that the caller shows; Refused without one in force (401), and
    with one that is for something else (403)."""
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    with reading() as session:
        key = api_keys.holder(session, secret.strip()) if scheme.lower() == "bearer" else None
    if key is None:
        throttle.take(WRONG_KEYS, "api-key", "address", request.remote_addr or "unknown")
        raise Refused(
            "This needs a key of ours: Authorization: Bearer bmk_… An owner makes one under"
            " “Keys for machines”.",
            code="api_key",
            status=401,
        )
    api_keys.refuse_beyond(key, scope)
    if api_keys.is_news(key, now):
        with writing() as session:
            api_keys.seen(session, key.id, now)
    return key.id


@contextmanager
def _guesses(what: str, wrong: tuple[str, ...], till: str, asked: TillShape) -> Iterator[None]:
    """Count wrong codes; whoever tried too many is not even told of right ones."""
    limits: list[tuple[str, tuple[str, ...]]] = [(GUESSES_OF_TILL, (what, till))]
    if who := asked.guesser():
        limits.append((GUESSES_OF_CUSTOMER, (what, till, who.lower())))
    for rate, names in limits:
        throttle.refuse_if_spent(rate, *names)
    try:
        yield
    except Refused as refusal:
        if refusal.code in wrong:
            for rate, names in limits:
                throttle.take(rate, *names)
        raise
