"""Vouchers that earning rules give: issued with their grant, and void again with its refund.

A grant of vouchers moves nothing in the ledger; the vouchers themselves, and the facts that they
were given, are the record. A refund takes back those of its share that were not used: a used one
is its member's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from rewards import notices
from rewards.models import Grant, Voucher
from rewards.programme import Version
from rewards.vouchers import codes, giving

#: What earning writes about an award.
Row = Mapping[str, Any]


def issue(session: Session, version: Version, rows: Sequence[Row], now: datetime) -> dict[str, str]:
    """Give the vouchers of every row; the first one's id by grant."""
    return {row["id"]: _issue(session, version, row, now) for row in rows}


def _issue(session: Session, version: Version, row: Row, now: datetime) -> str:
    rule = version.rules.rule(row["rule"])
    item = version.rules.item(rule.voucher or "") if rule else None
    assert rule is not None
    assert item is not None  # a version without it is not published
    given = []
    for number in range(1, row["amount"] + 1):
        gift = giving.Gift(
            member_id=row["member_id"],
            key=f"{about(row['id'])}:{number}",
            about=about(row["id"]),
            by=rule.key,
            version=version.number,
            item=item,
            valid_days=rule.expires_after_days,
        )
        said = {"rule": rule.name}
        given.append(giving.give(session, gift, row["fact_at"], now, notices.VOUCHER, said))
    return str(given[0].id)


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
