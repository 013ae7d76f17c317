"""Vouchers that earning rules give: issued with their grant, and void again with its refund.

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
from rewards.models import Grant, Voucher
from rewards.programme import Version
from rewards.vouchers import codes, giving
from rewards.vouchers.giving import Gift

#: What earning writes about an award.
Row = Mapping[str, Any]


def issue(session: Session, version: Version, rows: Sequence[Row], now: datetime) -> dict[str, str]:
    """Give the vouchers of every row; the transfer that credited the first one, by grant."""
    gifts = [(row["id"], gift) for row in rows for gift in _gifts(version, row)]
    given = giving.give(session, [gift for _id, gift in gifts], notices.VOUCHER, now)
    made: dict[str, str] = {}
    for (grant_id, _gift), voucher in zip(gifts, given, strict=True):
        assert voucher.transfer_id is not None  # issued just now
        made.setdefault(grant_id, voucher.transfer_id)
    return made


def _gifts(version: Version, row: Row) -> Iterator[Gift]:
    rule = version.rules.rule(row["rule"])
    item = version.rules.item(rule.voucher or "") if rule else None
    assert rule is not None
    assert item is not None  # a version without it is not published
    for number in range(1, row["amount"] + 1):
        yield Gift(
            member_id=row["member_id"],
            key=f"{about(row['id'])}:{number}",
            about=about(row["id"]),
            by=rule.key,
            version=version.number,
            item=item,
            at=row["fact_at"],
            valid_days=rule.expires_after_days,
            said={"rule": rule.name},
        )


def about(grant_id: str) -> str:
    """What the vouchers of a grant are about: their page tells why they were given."""
    return f"grant:{grant_id}"


def take_back(session: Session, grant: Grant, many: int, now: datetime) -> int:
    """End up to `many` unused vouchers of a grant; how many that were."""
    ids = session.scalars(
        select(Voucher.id)
        .where(
            Voucher.member_id == grant.member_id,
            Voucher.about == about(grant.id),
            Voucher.revoked_at.is_(None),
        )
        .order_by(Voucher.id.desc())
    ).all()
    taken = 0
    for voucher_id in ids:
        if taken < many:
            taken += codes.revoke(session, voucher_id, now)
    return taken
