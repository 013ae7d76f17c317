"""Giving vouchers away: issued once, on the record, and told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from foundation import facts
from foundation.facts import FactDraft
from notifications.notices import Notice
from notifications.telling import Telling, tell_many
from rewards.catalogue.items import Item
from rewards.models import Voucher
from rewards.vouchers import codes
from rewards.vouchers.codes import VoucherDraft


@dataclass(frozen=True)
class Gift:
    """A voucher for a member, for what happened at `at`; `key` makes it happen once for her, `by`
    is the rule that gives it.

    Its days count from when it is given; None: as long as the item says, or for good. She is told
    what is `said`, and the voucher's code, worth, terms and last day.
    """

    member_id: str
    key: str
    about: str
    by: str
    version: int
    item: Item
    at: datetime
    valid_days: int | None = None
    order_min: int | None = None
    said: Mapping[str, Any] = field(default_factory=dict)


def give(session: Session, gifts: Sequence[Gift], notice: Notice, now: datetime) -> list[Voucher]:
    """Issue the vouchers, in their order; the same one when she had it already.

    Whoever gives has locked the members.
    """
    if not gifts:
        return []
    vouchers = codes.issue_many(session, [_draft(gift, now) for gift in gifts], now)
    given = {
        _subject(voucher): (gift, voucher) for gift, voucher in zip(gifts, vouchers, strict=True)
    }
    drafts = [
        FactDraft("voucher.given", gift.member_id, subject, gift.at, _details(gift))
        for subject, (gift, _voucher) in given.items()
    ]
    fresh = {fact.subject for fact in facts.record_many(session, drafts, now)}
    tellings = [_telling(*given[subject]) for subject in given if subject in fresh]
    tell_many(session, notice, tellings, now)
    return vouchers


def _draft(gift: Gift, now: datetime) -> VoucherDraft:
    item, days = gift.item, gift.valid_days or gift.item.valid_days
    return VoucherDraft(
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


def _subject(voucher: Voucher) -> str:
    return f"voucher:{voucher.id}"


def _details(gift: Gift) -> dict[str, Any]:
    return {
        "by": gift.by,
        "item": gift.item.key,
        "value": gift.item.value * gift.item.uses,
        "currency": gift.item.currency,
        "programme": gift.version,
    }


def _telling(gift: Gift, voucher: Voucher) -> Telling:
    params = {
        "code": voucher.code,
        "value": voucher.value,
        "currency": voucher.currency,
        "uses": voucher.uses,
        "order_min": voucher.order_min,
        "until": voucher.expires_at.isoformat() if voucher.expires_at else None,
        **gift.said,
    }
    return Telling(gift.member_id, "/me/rewards#vouchers", _subject(voucher), params)
