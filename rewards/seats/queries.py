"""What the pages about seats show, each in a fixed, small number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from foundation.refusal import Refused
from members.models import Member
from rewards.seats import agreements
from rewards.seats.models import AgreementVersion, Seat, SeatInvitation, UnitGrant, UnitMove
from transparency import queries as log

Line = Row[*tuple[Any, ...]]

#: Invitations on the owner's page, the newest.
SHOWN = 100


@dataclass(frozen=True)
class Entered:
    """A leaf of the public log."""

    index: int
    at: datetime
    commitment: bytes


@dataclass(frozen=True)
class SeatPage:
    """An invitation with everything that came of it."""

    invitation: SeatInvitation
    member: Member
    invited_by: str
    agreement: AgreementVersion
    leaf: Entered | None
    seat: Seat | None
    units: UnitGrant | None
    moves: Sequence[UnitMove]

    @property
    def next_settlement(self) -> int:
        """How manieth settlement of its units comes next."""
        return 1 + sum(move.kind == "settled" for move in self.moves)

    def state(self, now: datetime) -> str:
        """open, declined, withdrawn, expired, seated or ended."""
        return state_of(self.invitation, self.seat.ended_at if self.seat else None, now)


def state_of(invitation: SeatInvitation, ended_at: datetime | None, now: datetime) -> str:
    """open, declined, withdrawn, expired, seated or ended."""
    if invitation.answered_at is not None:
        return "ended" if ended_at is not None else "seated"
    if invitation.declined_at is not None:
        return "declined"
    if invitation.withdrawn_at is not None and invitation.withdrawn_at < invitation.expires_at:
        return "withdrawn"
    return "expired" if invitation.expires_at <= now else "open"


def page(session: Session, invitation_id: str, member_id: str | None) -> SeatPage:
    """One invitation; only `member_id`'s own when given. Refused (404) for any other."""
    invitation = session.get(SeatInvitation, invitation_id)
    if invitation is None or member_id not in (None, invitation.member_id):
        raise Refused("There is no such invitation.", code="no_invitation", status=404)
    seat = session.scalar(select(Seat).where(Seat.invitation_id == invitation_id))
    units = session.scalar(select(UnitGrant).where(UnitGrant.seat_id == seat.id)) if seat else None
    moves = (
        session.scalars(
            select(UnitMove).where(UnitMove.grant_id == units.id).order_by(UnitMove.id.desc())
        ).all()
        if units
        else ()
    )
    return SeatPage(
        invitation,
        session.get_one(Member, invitation.member_id),
        session.get_one(Member, invitation.invited_by).name,
        agreements.version(session, invitation.agreement),
        leaf_of(session, invitation.agreement),
        seat,
        units,
        moves,
    )


def leaf_of(session: Session, number: int) -> Entered | None:
    """Where a version of the agreement stands in the public log; None for one from before."""
    found = log.newest(session, subject=agreements.subject_of(number), limit=1)
    return Entered(found[0].index, found[0].at, found[0].commitment) if found else None


def of_seat(session: Session, seat_id: str) -> SeatPage:
    """The same, found by the seat."""
    seat = session.get(Seat, seat_id)
    if seat is None:
        raise Refused("There is no such seat.", code="no_seat", status=404)
    return page(session, seat.invitation_id, None)


def desk(session: Session) -> Sequence[Line]:
    """Invitations and what came of them, the newest first."""
    return session.execute(
        select(
            SeatInvitation,
            Seat.id.label("seat_id"),
            Seat.ended_at,
            Member.name,
            Member.handle,
            UnitGrant.vested,
        )
        .join(Member, Member.id == SeatInvitation.member_id)
        .outerjoin(Seat, Seat.invitation_id == SeatInvitation.id)
        .outerjoin(UnitGrant, UnitGrant.seat_id == Seat.id)
        .order_by(SeatInvitation.id.desc())
        .limit(SHOWN)
    ).all()


def mine(session: Session, member_id: str) -> Sequence[Line]:
    """A member's invitations and seats."""
    return session.execute(
        select(SeatInvitation, Seat.ended_at)
        .outerjoin(Seat, Seat.invitation_id == SeatInvitation.id)
        .where(SeatInvitation.member_id == member_id)
        .order_by(SeatInvitation.id.desc())
    ).all()
