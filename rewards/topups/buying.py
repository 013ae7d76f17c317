"""Buying ahead: a paid order of an offer's product credits what it brings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from foundation import facts
from foundation.facts import Fact
from foundation.once import insert_once
from foundation.tables import new_id
from ledger import accounts
from ledger import earning as ledger_earning
from notifications.telling import tell
from rewards import programme
from rewards.earning import happened
from rewards.happenings import Happened, basis_of
from rewards.locking import lock_members
from rewards.programme import Version
from rewards.topups import codes, notices
from rewards.topups.models import TopUpPurchase
from rewards.topups.rules import Bought, bought, free_in, paid_in


def hear(session: Session, heard: Sequence[Fact], now: datetime) -> None:
    """Credit what each paid order brings by the offers that were in force on its day.

    Orders that name no product of ours cost nothing, orders of a time without offers two small
    statements in all.
    """
    orders = [happened(fact) for fact in heard if fact.details.get("products")]
    dated = programme.timeline(session) if orders else []
    by_version: dict[int, list[Happened]] = {}
    for order in orders:
        number = programme.in_force(dated, order.at)
        if number is not None and order.member_id is not None:
            by_version.setdefault(number, []).append(order)
    found: list[tuple[Version, Happened, Bought]] = []
    for number in sorted(by_version):
        version = programme.version(session, number)
        assert version is not None
        found += _found(version, by_version[number])
    lock_members(session, (str(order.member_id) for _version, order, _each in found))
    for version, order, each in found:
        _credit(session, version, order, each, now)


def _found(version: Version, orders: Iterable[Happened]) -> list[tuple[Version, Happened, Bought]]:
    offers = version.rules.topups
    return [(version, order, each) for order in orders for each in bought(offers, order)]


def _credit(
    session: Session, version: Version, order: Happened, each: Bought, now: datetime
) -> None:
    offer, purchase_id = each.offer, new_id(now)
    expires_at = None
    if offer.free_days is not None and each.free:
        expires_at = now + timedelta(days=offer.free_days)
    about, member_id = f"topup:{purchase_id}", str(order.member_id)

    def credit(commodity: str, amount: int, until: datetime | None) -> str | None:
        if not amount:
            return None
        accounts.define(session, commodity, 0)
        parts = ledger_earning.credit(
            session,
            owner=member_id,
            commodity=commodity,
            amount=amount,
            key=f"{about}:{commodity}",
            about=about,
            now=now,
            expires_at=until,
        )
        return parts[0].id

    row = {
        "id": purchase_id,
        "member_id": member_id,
        "offer": offer.key,
        "version": version.number,
        "fact_id": order.id,
        "basis": basis_of(order),
        "paid": each.paid,
        "free": each.free,
        "value": each.value,
        "currency": order.details["currency"],
        "at": order.at,
        "free_expires_at": expires_at,
        "paid_transfer_id": credit(paid_in(offer.key), each.paid, None),
        "free_transfer_id": credit(free_in(offer.key), each.free, expires_at),
    }
    insert_once(session, TopUpPurchase, row)
    codes.ensure(session, member_id, now)
    _tell(session, purchase_id, member_id, each, expires_at, now)


def _tell(
    session: Session,
    purchase_id: str,
    member_id: str,
    each: Bought,
    expires_at: datetime | None,
    now: datetime,
) -> None:
    about = f"topup:{purchase_id}"
    said = {"offer": each.offer.key, "paid": each.paid, "free": each.free}
    facts.record(session, "prepaid.bought", member_id, about, now, **said)
    tell(
        session,
        member_id,
        notices.BOUGHT,
        now,
        link="/me/prepaid",
        about=about,
        offer=each.offer.name,
        unit=each.offer.unit,
        paid=each.paid,
        free=each.free,
        expires_at=expires_at.isoformat() if expires_at else None,
    )
