"""Perks in the book: one unit for each perk that a member was given by itself.

    given          issued → available, with the date on which it ends
    over           available → expired, by the ledger's own sweep
    taken back     available → clawed_back, that very unit

What a tier carries is asked for and never given (entitlements.py), so it is not in the book.
Whoever calls these has locked the member (rewards/locking.py).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from ledger import accounts, clawbacks, credits, earning
from rewards.commodities import PERK
from rewards.perks.models import Entitlement


def credit(session: Session, given: Entitlement, now: datetime) -> None:
    """Give its unit, until the perk ends."""
    about, commodity = _about(given), PERK + given.perk
    accounts.define(session, commodity, 0)
    parts = earning.credit(
        session,
        owner=given.member_id,
        commodity=commodity,
        amount=1,
        key=about,
        about=about,
        expires_at=given.ends_at,
        now=now,
    )
    given.transfer_id = parts[0].id


def take_back(session: Session, given: Entitlement, now: datetime) -> None:
    """Take its unit back; nothing when the perk has ended, or the sweep came first."""
    ended = given.ends_at is not None and given.ends_at <= now
    if given.transfer_id is None or ended:
        return
    owner, commodity = given.member_id, PERK + given.perk
    standing = accounts.standings(session, owner, commodity, ["available"], now)
    if not credits.left_like(session, standing["available"].id, given.transfer_id):
        return
    parts = clawbacks.claw_back(
        session,
        owner=owner,
        commodity=commodity,
        amount=1,
        key=f"{_about(given)}:back",
        about=_about(given),
        of=given.transfer_id,
        now=now,
    )
    given.taken_back_id = parts[0].id


def _about(given: Entitlement) -> str:
    return f"entitlement:{given.id}"
