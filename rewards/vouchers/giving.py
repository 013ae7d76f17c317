"""Giving a voucher away: issued once, on the record, and told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from foundation import facts
from foundation.facts import FactDraft
from notifications.notices import Notice
from notifications.telling import tell
from rewards.catalogue.items import Item
from rewards.models import Voucher
from rewards.vouchers import codes
from rewards.vouchers.codes import VoucherDraft


@dataclass(frozen=True)
class Gift:
    """A voucher for a member; `key` makes it happen once for her, `by` is the rule that gives it.

    Its days count from when it is given; None: as long as the item says, or for good.
    """

    member_id: str
    key: str
    about: str
    by: str
    version: int
    item: Item
    valid_days: int | None = None
    order_min: int | None = None


def give(
    session: Session,
    gift: Gift,
    at: datetime,
    now: datetime,
    notice: Notice,
    said: Mapping[str, Any],
) -> Voucher:
    """Issue the voucher for what happened at `at`; the same one when she had it already.

    The notice is told `said`, and the voucher's code, worth, terms and last day.
    """
    item, days = gift.item, gift.valid_days or gift.item.valid_days
    draft = VoucherDraft(
        member_id=gift.member_id,
        key=gift.key,
        about=gift.about,
        item=item.key,
        version=gift.version,
        cost=0,
        value=item.value,
        currency=item.currency,
        uses=item.uses,
        bearer=item.bearer,
        expires_at=now + timedelta(days=days) if days is not None else None,
        order_min=gift.order_min,
    )
    voucher = codes.issue(session, draft, now)
    fact = FactDraft("voucher.given", gift.member_id, f"voucher:{voucher.id}", at, _details(gift))
    if not facts.record_many(session, [fact], now):
        return voucher
    tell(
        session,
        gift.member_id,
        notice,
        now,
        link="/me/rewards#vouchers",
        about=f"voucher:{voucher.id}",
        code=voucher.code,
        value=voucher.value,
        currency=voucher.currency,
        order_min=voucher.order_min,
        until=voucher.expires_at.isoformat() if voucher.expires_at else None,
        **said,
    )
    return voucher


def _details(gift: Gift) -> dict[str, Any]:
    return {
        "by": gift.by,
        "item": gift.item.key,
        "value": gift.item.value * gift.item.uses,
        "currency": gift.item.currency,
        "programme": gift.version,
    }
