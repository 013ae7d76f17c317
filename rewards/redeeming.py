"""Redeeming: points for a voucher, once per request however often it is sent."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import facts
from foundation.once import insert_once
from foundation.refusal import Refused
from foundation.tables import ALPHABET, new_id
from ledger import spending, statements
from notifications.telling import tell
from rewards import notices, programme
from rewards.models import Voucher
from rewards.rules import POINTS, Item

#: Letters of a code: 16 of 32 are 80 random bits, far beyond guessing over the network.
CODE_LETTERS = 16


def redeem(
    session: Session, member_id: str, item_key: str, request_key: str, now: datetime
) -> Voucher:
    """Spend the item's points and issue its voucher; the same request again gives back the same.

    Refused when the catalogue has no such item (any more), when the points do not suffice, or when
    the request was used for another item.
    """
    version = programme.latest(session)
    item = version.rules.item(item_key) if version else None
    if version is None or item is None:
        raise Refused(
            "The catalogue no longer has this. Reload the page and choose again.",
            code="unknown_item",
            status=404,
        )
    row = _row(member_id, item, version.number, request_key, now)
    if not insert_once(session, Voucher, row):
        return _made_before(session, member_id, item_key, request_key)
    _spend(session, member_id, item, row["id"], now)
    details = {key: row[key] for key in ("item", "cost", "value", "currency")}
    facts.record(session, "reward.redeemed", member_id, f"redemption:{row['id']}", now, **details)
    voucher = session.get_one(Voucher, row["id"])
    tell(
        session,
        member_id,
        notices.REDEEMED,
        now,
        link="/me/rewards#vouchers",
        about=f"redemption:{voucher.id}",
        code=voucher.code,
        cost=voucher.cost,
        value=voucher.value,
        currency=voucher.currency,
    )
    return voucher


def new_code() -> str:
    """A voucher's code, 80 random bits in four groups of four: 7K2M-9QXA-4TBW-PZ3C."""
    letters = [secrets.choice(ALPHABET).upper() for _ in range(CODE_LETTERS)]
    return "-".join("".join(letters[start : start + 4]) for start in range(0, CODE_LETTERS, 4))


def _row(
    member_id: str, item: Item, version: int, request_key: str, now: datetime
) -> dict[str, Any]:
    return {
        "id": new_id(now),
        "member_id": member_id,
        "request_key": request_key,
        "code": new_code(),
        "item": item.key,
        "version": version,
        "cost": item.cost,
        "value": item.value,
        "currency": item.currency,
        "issued_at": now,
        "used_at": None,
        "used_about": None,
    }


def _made_before(session: Session, member_id: str, item_key: str, request_key: str) -> Voucher:
    voucher = session.scalars(
        select(Voucher).where(Voucher.member_id == member_id, Voucher.request_key == request_key)
    ).one()
    if voucher.item != item_key:
        raise Refused(
            "This form was already used for something else. Reload the page and choose again.",
            code="idempotency_conflict",
            status=409,
        )
    return voucher


def _spend(session: Session, member_id: str, item: Item, voucher_id: str, now: datetime) -> None:
    available = statements.balances(session, member_id, POINTS).available
    if available < item.cost:
        raise Refused(
            "This costs %(cost)s points and you have %(available)s to spend."
            " Points on hold can be spent once their return period is over.",
            code="too_few_points",
            cost=item.cost,
            available=available,
        )
    about = f"redemption:{voucher_id}"
    spending.spend(
        session,
        owner=member_id,
        commodity=POINTS,
        amount=item.cost,
        key=about,
        about=about,
        now=now,
    )
