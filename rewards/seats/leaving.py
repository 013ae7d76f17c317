"""The end of a seat: what has not vested is forfeited, what has is dealt with by the agreement."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import facts
from foundation.refusal import Refused
from notifications.telling import tell
from rewards.perks import notices as perk_notices
from rewards.perks.granting import reason_of
from rewards.seats import agreements, vesting
from rewards.seats.models import Seat, UnitGrant


def end(session: Session, by_id: str, seat_id: str, reason: str, now: datetime) -> Seat:
    """End a seat. First vests what is due by now; then the rest is forfeited; then vested units
    lapse where the agreement she accepted says so, and else wait to be settled."""
    seat = session.scalar(select(Seat).where(Seat.id == seat_id).with_for_update())
    if seat is None:
        raise Refused("There is no such seat.", code="no_seat", status=404)
    if seat.ended_at is not None:
        raise Refused("This seat has ended already.", code="ended", status=409)
    seat.end_reason = reason_of(reason)
    seat.ended_at, seat.ended_by = now, by_id
    session.flush()
    forfeited = _end_units(session, seat, by_id, now)
    facts.record(session, "seat.ended", seat.member_id, f"seat:{seat.id}", now)
    tell(
        session,
        seat.member_id,
        perk_notices.SEAT_ENDED,
        now,
        link=f"/me/seats/{seat.invitation_id}",
        about=f"seat:{seat.id}",
        reason=seat.end_reason,
        units=forfeited,
    )
    return seat


def _end_units(session: Session, seat: Seat, by_id: str, now: datetime) -> int | None:
    """How many units were forfeited; None when none came with the seat."""
    grant_id = session.scalar(select(UnitGrant.id).where(UnitGrant.seat_id == seat.id))
    if grant_id is None:
        return None
    vesting.vest(session, grant_id, now)
    units = vesting.locked(session, grant_id)
    reason = seat.end_reason or ""
    forfeited = vesting.forfeit(session, units, by_id, reason, now)
    left = units.vested - units.settled
    if left and agreements.version(session, seat.agreement).vested_when_leaving == "lapses":
        vesting.settle(session, by_id, grant_id, left, reason, now, lapses=True)
    return forfeited
