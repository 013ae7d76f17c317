"""What the book's pages need to know of vouchers, in a fixed, small number of statements."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from foundation.words import text_in
from rewards import programme
from rewards.catalogue.models import VoucherUse
from rewards.commodities import VOUCHERS, key_in
from rewards.models import Voucher
from rewards.rules import Item


def names(session: Session, commodities: Iterable[str]) -> dict[str, str]:
    """What vouchers are called in the book, by commodity: as their item is now, or was last."""
    keys = {code: key for code in commodities if (key := key_in(code, VOUCHERS)) is not None}
    version = programme.latest(session) if keys else None
    found = {}
    for code, key in keys.items():
        item = (version.rules.item(key) if version else None) or _issued_last(session, key)
        if item is not None:
            found[code] = text_in(item.name)
    return found


def _issued_last(session: Session, key: str) -> Item | None:
    """An item as the version has it under which a voucher of it was issued last."""
    number = session.scalar(
        select(Voucher.version).where(Voucher.item == key).order_by(Voucher.id.desc()).limit(1)
    )
    version = programme.version(session, number) if number is not None else None
    return version.rules.item(key) if version else None


def worth_left(session: Session, commodity: str, at: datetime) -> dict[str, int]:
    """Minor units by currency that vouchers of a commodity take off orders if each use is made."""
    key = key_in(commodity, VOUCHERS)
    if key is None:
        return {}
    rows = session.execute(
        select(Voucher.currency, func.sum((Voucher.uses - Voucher.used) * Voucher.value))
        .where(Voucher.item == key, Voucher.revoked_at.is_(None))
        .where(or_(Voucher.expires_at.is_(None), Voucher.expires_at > at))
        .group_by(Voucher.currency)
    )
    return {currency: int(worth) for currency, worth in rows if worth}


def used_for(session: Session, use_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """The order that each use was for, and the voucher's code."""
    rows = session.execute(
        select(VoucherUse.id, VoucherUse.reference, Voucher.code)
        .join(Voucher, Voucher.id == VoucherUse.voucher_id)
        .where(VoucherUse.id.in_(list(use_ids)))
    )
    return {use_id: (order, code) for use_id, order, code in rows}


def given_last(session: Session, reason: str) -> int | None:
    """The version under which a reason (`Voucher.about`) last gave a voucher."""
    query = select(Voucher.version).where(Voucher.about == reason)
    return session.scalar(query.order_by(Voucher.id.desc()).limit(1))
