"""Vouchers in the book: a unit is one use of a voucher, a commodity all vouchers of one item.

A voucher is a credit of its uses, with its date. Each use spends one unit of this very credit, and
gives it back when the order falls through; what is revoked is clawed back, and what nobody used in
time the ledger's sweep lets expire. Nothing of it is ever owed.

Whoever calls these has locked the voucher's member (rewards/locking.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from foundation.refusal import Refused
from ledger import accounts, bulk, clawbacks, credits, spending
from rewards.catalogue.models import VoucherUse
from rewards.commodities import VOUCHERS
from rewards.models import Voucher


def commodity_of(voucher: Voucher) -> str:
    """What its uses are counted in."""
    return f"{VOUCHERS}{voucher.item}"


def about_grant(grant_id: str) -> str:
    """What the vouchers of a grant are about: their page tells why they were given."""
    return f"grant:{grant_id}"


def about_use(use_id: str) -> str:
    """What a use of a voucher moves in the book is about."""
    return f"voucher_use:{use_id}"


def credit(session: Session, vouchers: Sequence[Voucher], now: datetime) -> None:
    """Give members the uses of fresh vouchers."""
    for code in sorted({commodity_of(each) for each in vouchers}):
        accounts.define(session, code, 0)
    drafts = [
        bulk.CreditDraft(
            owner=each.member_id,
            commodity=commodity_of(each),
            amount=each.uses,
            key=f"voucher:{each.id}",
            about=each.about,
            expires_at=each.expires_at,
        )
        for each in vouchers
    ]
    made = bulk.credit_many(session, drafts, now) if drafts else []
    for each, parts in zip(vouchers, made, strict=True):
        each.transfer_id = parts[0].id
    session.flush()


def spend(session: Session, voucher: Voucher, use_id: str, now: datetime) -> str | None:
    """Take one use; the transfer's id. None when none is left: they have expired meanwhile."""
    try:
        spent = spending.spend(
            session,
            owner=voucher.member_id,
            commodity=commodity_of(voucher),
            amount=1,
            key=about_use(use_id),
            about=about_use(use_id),
            of=voucher.transfer_id,
            now=now,
        )
    except Refused as refusal:
        if refusal.code == "insufficient":
            return None
        raise
    return spent.id


def give_back(session: Session, voucher: Voucher, use: VoucherUse, now: datetime) -> None:
    """Give back the use; when the voucher has expired, so has it."""
    assert use.transfer_id is not None  # written with it
    spending.give_back(
        session,
        use.transfer_id,
        owner=voucher.member_id,
        commodity=commodity_of(voucher),
        key=f"{about_use(use.id)}:back",
        about=about_use(use.id),
        now=now,
    )


def claw_back(session: Session, voucher: Voucher, now: datetime) -> bool:
    """Take back all uses of a voucher that was never used; False when they have expired."""
    assert voucher.transfer_id is not None  # issued with it
    owner, commodity = voucher.member_id, commodity_of(voucher)
    standing = accounts.standings(session, owner, commodity, ["available"], now)
    account = standing["available"].id
    if credits.left_like(session, account, voucher.transfer_id) < voucher.uses:
        return False
    clawbacks.claw_back(
        session,
        owner=owner,
        commodity=commodity,
        amount=voucher.uses,
        key=f"voucher:{voucher.id}:revoked",
        about=voucher.about,
        of=voucher.transfer_id,
        now=now,
    )
    return True
