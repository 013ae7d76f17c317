"""Members with store credit in hand, given straight by the book."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from foundation.doors import reading, writing
from foundation.money import exponent
from ledger import accounts
from ledger.bulk import CreditDraft, credit_many
from rewards.credit import giving_back, purse, taking
from rewards.credit.giving_back import GivingBack
from rewards.credit.models import CreditReturn, CreditTaking
from rewards.credit.taking import Taking

DAY = datetime(2026, 2, 2, 9, 0, tzinfo=UTC)
_keys = itertools.count()


def gives(
    member_id: str, amount: int, expires_at: datetime | None = None, currency: str = "USD"
) -> None:
    """So much credit, in minor units."""
    with writing() as session:
        accounts.define(session, currency, exponent(currency))
        draft = CreditDraft(member_id, currency, amount, f"k{next(_keys)}", expires_at=expires_at)
        credit_many(session, [draft], DAY)


def takes(member_id: str, order: str, amount: int, at: datetime = DAY, **more: Any) -> CreditTaking:
    with writing() as session:
        asked = Taking(member_id, order, amount, more.pop("currency", "USD"), **more)
        return taking.take(session, asked, at)


def returns(
    paid: CreditTaking, key: str, amount: int | None = None, at: datetime = DAY
) -> CreditReturn:
    with writing() as session:
        return giving_back.give_back(session, GivingBack(paid.id, key, amount), at)


def has(member_id: str, at: datetime = DAY, currency: str = "USD") -> purse.Purse:
    with reading() as session:
        return purse.purse(session, member_id, currency, at)
