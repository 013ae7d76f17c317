"""Inviting a member to a seat: an owner's own act. No rule, no fact and no referral leads here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from foundation import facts
from foundation.refusal import Refused
from foundation.tables import new_id
from members.models import Member
from notifications.telling import tell
from rewards.perks import notices as perk_notices
from rewards.perks.granting import member_called, reason_of
from rewards.seats import agreements, unit_gate
from rewards.seats.models import Seat, SeatInvitation
from rewards.seats.unit_gate import Gate

#: How long an invitation waits for its answer.
OPEN_FOR = timedelta(days=30)
LONGEST_MONTHS = 120
#: How far from today vesting may be counted from.
FARTHEST = timedelta(days=3_653)
MOST_UNITS = 10**9


@dataclass(frozen=True)
class UnitsDraft:
    """Units that come with a seat: vesting over `months` from `starts_at`, after a cliff."""

    amount: int
    months: int
    cliff_months: int
    starts_at: datetime


@dataclass(frozen=True)
class InvitationDraft:
    """An invitation; `units` None (the usual case): a seat without an economic side."""

    handle: str
    reason: str
    units: UnitsDraft | None = None


def invite(
    session: Session, owner_id: str, draft: InvitationDraft, gate: Gate, now: datetime
) -> SeatInvitation:
    """Invite a member under the newest version of the agreement; she is told with the reason, and
    who never signed in, how to join.

    Refused without an agreement, when she has a seat or an open invitation, and with units while
    the gate is closed.
    """
    agreement = agreements.latest(session)
    if agreement is None:
        raise Refused(
            "Publish the agreement first: nobody can accept what is not written.", code="no_text"
        )
    member_id = member_called(session, draft.handle)
    _refuse_second(session, member_id, now)
    if draft.units is not None:
        unit_gate.refuse_units_without_counsel(gate)
        _check(draft.units, now)
    units = draft.units
    invitation = SeatInvitation(
        id=new_id(now),
        member_id=member_id,
        agreement=agreement.number,
        reason=reason_of(draft.reason),
        units=units.amount if units else None,
        months=units.months if units else None,
        cliff_months=units.cliff_months if units else None,
        starts_at=units.starts_at if units else None,
        counsel=gate.counsel if units else None,
        invited_by=owner_id,
        invited_at=now,
        expires_at=now + OPEN_FOR,
    )
    session.add(invitation)
    session.flush()
    subject = f"seat_invitation:{invitation.id}"
    facts.record(session, "seat.invited", member_id, subject, now)
    tell(
        session,
        member_id,
        perk_notices.SEAT_INVITED,
        now,
        link=f"/me/seats/{invitation.id}",
        about=subject,
        by=session.get_one(Member, owner_id).name,
        units=invitation.units,
        reason=invitation.reason,
        until=invitation.expires_at.isoformat(),
    )
    return invitation


def withdraw(
    session: Session, owner_id: str, invitation_id: str, reason: str, now: datetime
) -> SeatInvitation:
    """Take an open invitation back; the member is told why."""
    invitation = locked(session, invitation_id)
    refuse_answered(invitation)
    invitation.withdrawn_at, invitation.withdrawn_by = now, owner_id
    session.flush()
    tell(
        session,
        invitation.member_id,
        perk_notices.SEAT_WITHDRAWN,
        now,
        link=f"/me/seats/{invitation.id}",
        about=f"seat_invitation:{invitation.id}",
        reason=reason_of(reason),
    )
    return invitation


def locked(session: Session, invitation_id: str) -> SeatInvitation:
    """The invitation, ours to change until commit; Refused (404) when there is none."""
    invitation = session.scalar(
        select(SeatInvitation).where(SeatInvitation.id == invitation_id).with_for_update()
    )
    if invitation is None:
        raise Refused("There is no such invitation.", code="no_invitation", status=404)
    return invitation


def refuse_answered(invitation: SeatInvitation) -> None:
    """Refused when the invitation was answered or withdrawn."""
    if invitation.answered_at or invitation.declined_at or invitation.withdrawn_at:
        raise Refused("This invitation is no longer open.", code="answered", status=409)


def _refuse_second(session: Session, member_id: str, now: datetime) -> None:
    """One open invitation and one seat for each member; what ran out makes room."""
    session.execute(
        update(SeatInvitation)
        .where(
            SeatInvitation.member_id == member_id,
            SeatInvitation.expires_at <= now,
            SeatInvitation.answered_at.is_(None),
            SeatInvitation.declined_at.is_(None),
            SeatInvitation.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now)
        .execution_options(synchronize_session=False)
    )
    is_open = select(SeatInvitation.id).where(
        SeatInvitation.member_id == member_id,
        SeatInvitation.answered_at.is_(None),
        SeatInvitation.declined_at.is_(None),
        SeatInvitation.withdrawn_at.is_(None),
    )
    if session.scalar(is_open) is not None:
        raise Refused(
            "She is invited already. Withdraw that invitation first.",
            code="invited",
            field="handle",
        )
    seated = select(Seat.id).where(Seat.member_id == member_id, Seat.ended_at.is_(None))
    if session.scalar(seated) is not None:
        raise Refused("She has a seat already.", code="seated", field="handle")


def _check(units: UnitsDraft, now: datetime) -> None:
    if abs(units.starts_at - now) > FARTHEST:
        raise Refused(
            "Count them from a day within ten years of today.", code="starts_on", field="starts_on"
        )
    if not 1 <= units.amount <= MOST_UNITS:
        raise Refused("Grant 1 to %(most)s units.", code="units", field="units", most=MOST_UNITS)
    if not 1 <= units.months <= LONGEST_MONTHS:
        raise Refused(
            "They vest over 1 to %(most)s months.",
            code="months",
            field="months",
            most=LONGEST_MONTHS,
        )
    if not 0 <= units.cliff_months <= units.months:
        raise Refused(
            "The cliff lies between 0 and %(months)s months, when the last of them vest.",
            code="cliff",
            field="cliff_months",
            months=units.months,
        )
