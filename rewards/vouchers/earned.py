"""Vouchers that rules, cards and welcomes give: issued with their grant, void with its refund.

A grant says how many; each voucher stands in the book by itself. A refund takes back those of its
share that were not used: a used one is its member's, and one that expired is gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from rewards import notices
from rewards.cards import notices as card_notices
from rewards.happenings import CARD_FILLED, WELCOMED
from rewards.models import Grant, Voucher
from rewards.programme import Version
from rewards.vouchers import codes, giving
from rewards.vouchers.booking import about_grant
from rewards.vouchers.giving import Gift

#: How members are told of vouchers that no rule of the owner gives, and what names the giver there.
NOTICES = {CARD_FILLED: card_notices.FILLED, WELCOMED: card_notices.WELCOME}
SAID = {CARD_FILLED: "card", WELCOMED: "name"}

#: What earning writes about an award.
Row = Mapping[str, Any]


def issue(session: Session, version: Version, rows: Sequence[Row], now: datetime) -> dict[str, str]:
    """Give the vouchers of every row; the transfer that credited the first one, by grant."""
    made: dict[str, str] = {}
    for kind in dict.fromkeys(row["fact_kind"] for row in rows):
        gifts = [
            (row["id"], gift)
            for row in rows
            if row["fact_kind"] == kind
            for gift in _gifts(version, row)
        ]
        notice = NOTICES.get(kind, notices.VOUCHER)
        given = giving.give(session, [gift for _id, gift in gifts], notice, now)
        for (grant_id, _gift), voucher in zip(gifts, given, strict=True):
            assert voucher.transfer_id is not None  # issued just now
            made.setdefault(grant_id, voucher.transfer_id)
    return made


def _gifts(version: Version, row: Row) -> Iterator[Gift]:
    rule = version.rules.rule(row["rule"])
    item = version.rules.item(rule.voucher or "") if rule else None
    assert rule is not None
    assert item is not None  # a version without it is not published
    welcome = version.rules.welcome_by(rule.key)
    for number in range(1, row["amount"] + 1):
        yield Gift(
            member_id=row["member_id"],
            key=f"{about_grant(row['id'])}:{number}",
            about=about_grant(row["id"]),
            by=rule.key,
            version=version.number,
            item=item,
            at=row["fact_at"],
            valid_days=rule.expires_after_days,
            order_min=welcome.order_min if welcome else None,
            said={SAID.get(row["fact_kind"], "rule"): rule.name},
        )


def take_back(session: Session, grant: Grant, many: int, now: datetime) -> int:
    """End up to `many` unused vouchers of a grant; how many that were."""
    ids = session.scalars(
        select(Voucher.id)
        .where(
            Voucher.member_id == grant.member_id,
            Voucher.about == about_grant(grant.id),
            Voucher.revoked_at.is_(None),
        )
        .order_by(Voucher.id.desc())
    ).all()
    taken = 0
    for voucher_id in ids:
        if taken < many:
            taken += codes.revoke(session, voucher_id, now)
    return taken
