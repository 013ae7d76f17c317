"""What must be true of papers: the book has a unit of whoever one is open to by name."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import statements
from ledger.statements import Balances
from rewards.commodities import PAPER
from rewards.papers.models import PaperGuest, PaperRevocation


def audit(session: Session) -> list[str]:
    """A sentence for every guest without a unit, and for every unit without a guest."""
    open_ended = select(PaperRevocation.paper_id, PaperRevocation.member_id).where(
        PaperRevocation.lifted_at.is_(None)
    )
    ended = {(paper_id, member_id) for paper_id, member_id in session.execute(open_ended)}
    booked = statements.balances_by_owner(session, PAPER)
    findings = []
    for guest in session.scalars(select(PaperGuest)):
        found = booked.pop((guest.member_id, PAPER + guest.paper_id), Balances())
        is_open = not {(guest.paper_id, guest.member_id), (guest.paper_id, None)} & ended
        if (found.available, guest.transfer_id is not None) != (int(is_open), is_open):
            findings.append(
                f"paper {guest.paper_id} is {'open' if is_open else 'closed'} to {guest.member_id},"
                f" in the book {found}, by {guest.transfer_id}"
            )
    strangers = ((whose, found) for whose, found in booked.items() if found.available)
    return [*findings, *(f"{whose} is no guest and has {found}" for whose, found in strangers)]
