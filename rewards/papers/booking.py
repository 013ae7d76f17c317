"""Papers in the book: one unit for each single member whom a paper is open to by name.

    named as a guest, or access given back      issued → available
    no longer a guest, or access ended          available → clawed_back

Whom a tier or a club lets read is asked for and never given (access.py), so it is not in the book;
nor do units know of the days from which and until which a paper may be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.tables import new_id
from ledger import accounts, clawbacks, earning
from rewards.commodities import PAPER
from rewards.locking import lock_members
from rewards.papers.models import PaperGuest, PaperRevocation


def follow(session: Session, paper_id: str, now: datetime) -> None:
    """Let whoever the paper is open to by name have its unit, and nobody else among its guests."""
    guests = session.scalars(
        select(PaperGuest).where(PaperGuest.paper_id == paper_id).order_by(PaperGuest.member_id)
    ).all()
    ended = _ended(session, paper_id)
    lock_members(session, [guest.member_id for guest in guests])
    for guest in guests:
        is_open = not {None, guest.member_id} & ended
        if is_open and guest.transfer_id is None:
            _credit(session, guest, now)
        elif not is_open:
            take_back(session, [guest], now)
    session.flush()


def take_back(session: Session, guests: Sequence[PaperGuest], now: datetime) -> None:
    """Take back the units of these guests, whose members are locked; harmless where is none."""
    for guest in guests:
        if guest.transfer_id is None:
            continue
        clawbacks.claw_back(
            session,
            owner=guest.member_id,
            commodity=PAPER + guest.paper_id,
            amount=1,
            key=f"paper_guest:{guest.transfer_id}:back",
            about=PAPER + guest.paper_id,
            of=guest.transfer_id,
            now=now,
        )
        guest.transfer_id = None


def _credit(session: Session, guest: PaperGuest, now: datetime) -> None:
    commodity = PAPER + guest.paper_id
    accounts.define(session, commodity, 0)
    parts = earning.credit(
        session,
        owner=guest.member_id,
        commodity=commodity,
        amount=1,
        key=f"paper_guest:{new_id(now)}",  # she may be named, struck off and named again
        about=commodity,
        now=now,
    )
    guest.transfer_id = parts[0].id


def _ended(session: Session, paper_id: str) -> set[str | None]:
    """Whose access ended and was not given back; None among them: everybody's."""
    return set(
        session.scalars(
            select(PaperRevocation.member_id).where(
                PaperRevocation.paper_id == paper_id, PaperRevocation.lifted_at.is_(None)
            )
        )
    )
