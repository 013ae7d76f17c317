"""POST /api/vouchers/…: a till asks about vouchers, takes them off orders, and gives them back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from flask import Blueprint, jsonify, request
from sqlalchemy.orm import Session

from foundation import clock
from foundation.doors import reading, writing
from foundation.refusal import Refused
from foundation.web import throttle
from members import api_keys
from rewards.vouchers import answers, bodies, codes
from rewards.vouchers.bodies import Redeem, Release, Shape, Validate, told, told_use

#: What a till asks fits into a few lines.
LARGEST_BODY = 8 * 1024
#: Wrong codes of one customer, and of all customers of one till. 80 random bits are safe against
#: either; this spares everybody the attempt.
GUESSES_OF_CUSTOMER = "20 per 10 minutes"
GUESSES_OF_TILL = "600 per hour"
WRONG_KEYS = "30 per 10 minutes"

bp = Blueprint("vouchers", __name__)


@bp.post("/api/vouchers/validate")
def validate() -> Any:
    """What a voucher is worth, and whether it can be used; nothing changes."""

    def act(session: Session, asked: Validate, till: str, now: datetime) -> dict[str, Any]:
        return told(codes.known(session, asked.code, asked.who()), now)

    return _answer(Validate, act)


@bp.post("/api/vouchers/redeem")
def redeem() -> Any:
    """Take a voucher off an order."""

    def act(session: Session, asked: Redeem, till: str, now: datetime) -> dict[str, Any]:
        voucher = codes.known(session, asked.code, asked.who())
        use = codes.use(session, voucher, asked.order, till, now)
        return told_use(voucher, use, now)

    return _answer(Redeem, act)


@bp.post("/api/vouchers/release")
def release() -> Any:
    """Give a voucher back that was taken off an order which fell through."""

    def act(session: Session, asked: Release, till: str, now: datetime) -> dict[str, Any]:
        voucher = codes.taken_off(session, asked.code, asked.order)
        use = codes.give_back(session, voucher, asked.order, now)
        return told_use(voucher, use, now)

    return _answer(Release, act)


def _answer(shape: type[Any], act: Callable[..., dict[str, Any]]) -> Any:
    now = clock.now()
    till = _till(now)
    body = request.get_data(cache=False)
    if len(body) > LARGEST_BODY:
        raise Refused("The request is too large.", code="body", status=413)
    asked = bodies.read(shape, body)
    key = request.headers.get("Idempotency-Key")
    with _guesses(till, asked), writing() as session:
        answer = answers.once(
            session,
            till,
            key,
            request.path.encode() + b"\n" + body,
            now,
            lambda: act(session, asked, till, now),
        )
    return jsonify(answer)


def _till(now: datetime) -> str:
    """The identifier of the key that the caller shows; Refused (401) without one in force."""
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
    if api_keys.is_news(key, now):
        with writing() as session:
            api_keys.seen(session, key.id, now)
    return key.id


@contextmanager
def _guesses(till: str, asked: Shape) -> Iterator[None]:
    """Count wrong codes; whoever tried too many is not even told of right ones."""
    customer = getattr(asked, "customer", None)
    who = (customer.email or customer.id or "nobody").lower() if customer else "release"
    limits = [(GUESSES_OF_TILL, ("voucher", till)), (GUESSES_OF_CUSTOMER, ("voucher", till, who))]
    if who == "nobody":
        limits.pop()  # tills that name nobody share the till's own limit
    for rate, names in limits:
        throttle.refuse_if_spent(rate, *names)
    try:
        yield
    except Refused as refusal:
        if refusal.code in ("unknown_voucher", "unknown_use"):
            for rate, names in limits:
                throttle.take(rate, *names)
        raise
