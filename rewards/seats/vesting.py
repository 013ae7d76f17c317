"""Units: granted with a seat, vesting month by month, settled or forfeited; each a transfer.

A grant is a hold in the ledger: pending until it vests. A step posts what is due, a forfeiture
voids what is left; what has vested leaves by `spend` when it is settled, and by a claw-back when
the agreement lets it lapse. Every key is natural ("units:<grant>:<kind>:<step>"), so that a job run
twice, or by two workers, does it once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation import facts
from foundation.doors import reading, writing
from foundation.jobs import Job, Summary
from foundation.refusal import Refused
from foundation.tables import new_id
from foundation.words import lazy
from ledger import accounts, clawbacks, holds, spending
from notifications.telling import tell
from rewards.commodities import UNITS
from rewards.perks import notices as perk_notices
from rewards.seats.models import Seat, SeatInvitation, UnitGrant, UnitMove
from rewards.seats.vesting_rules import month_after, months_passed, next_step, vested

#: Grants looked at in one run of the job; the rest wait for the next one.
BATCH = 200
Kind = Literal["vested", "forfeited", "settled", "lapsed"]


def grant(session: Session, seat: Seat, invitation: SeatInvitation, now: datetime) -> UnitGrant:
    """Hold the units of an accepted invitation, pending until they vest."""
    assert invitation.units is not None
    assert invitation.months is not None
    assert invitation.starts_at is not None
    cliff = invitation.cliff_months or 0
    accounts.define(session, UNITS, 0)
    grant_id = new_id(now)
    held = holds.hold(
        session,
        owner=seat.member_id,
        commodity=UNITS,
        amount=invitation.units,
        key=f"units:{grant_id}",
        about=f"unit_grant:{grant_id}",
        until=month_after(invitation.starts_at, invitation.months),
        now=now,
    )
    first = next_step(invitation.months, cliff, 0)
    made = UnitGrant(
        id=grant_id,
        seat_id=seat.id,
        member_id=seat.member_id,
        amount=invitation.units,
        months=invitation.months,
        cliff_months=cliff,
        starts_at=invitation.starts_at,
        vested=0,
        settled=0,
        next_at=month_after(invitation.starts_at, first) if first else None,
        hold_id=held.id,
    )
    session.add(made)
    session.flush()
    subject = f"unit_grant:{grant_id}"
    facts.record(session, "units.granted", seat.member_id, subject, now, amount=made.amount)
    return made


def vest_due(now: datetime) -> str:
    """Post every step whose month has come; a sentence of what was done. Safe to run again."""
    with reading() as session:
        due = session.scalars(
            select(UnitGrant.id)
            .where(UnitGrant.next_at <= now)
            .order_by(UnitGrant.next_at)
            .limit(BATCH)
        ).all()
    done = 0
    for grant_id in due:
        with writing() as session:
            done += vest(session, grant_id, now)
    return Summary("Steps of vesting booked: %(count)s", count=done)


def vest(session: Session, grant_id: str, now: datetime) -> int:
    """Post what has vested of one grant by now, in one step; how many steps (0 or 1)."""
    units = locked(session, grant_id)
    if units.next_at is None or units.next_at > now:
        return 0  # another worker was here
    passed = min(months_passed(units.starts_at, now), units.months)
    due = vested(units.amount, units.months, units.cliff_months, passed) - units.vested
    step = next_step(units.months, units.cliff_months, passed)
    units.next_at = month_after(units.starts_at, step) if step else None
    if due <= 0:
        session.flush()
        return 0
    key = f"units:{units.id}:vested:{passed}"
    parts = holds.post(
        session, units.hold_id, due, key=key, about=f"unit_grant:{units.id}", now=now
    )
    units.vested += due
    _write(session, units, "vested", passed, due, "", None, parts[-1].id, now)
    tell(
        session,
        units.member_id,
        perk_notices.UNITS_VESTED,
        now,
        link=f"/me/seats/{_invitation_of(session, units)}",
        about=f"unit_grant:{units.id}",
        amount=due,
        vested=units.vested,
        total=units.amount,
    )
    return 1


def forfeit(
    session: Session, units: UnitGrant, owner_id: str | None, reason: str, now: datetime
) -> int:
    """Void what has not vested; how many units. Nothing vests any more."""
    units.next_at = None
    left = units.amount - units.vested
    if left > 0:
        key = f"units:{units.id}:forfeited:1"
        about = f"unit_grant:{units.id}"
        done = holds.void(session, units.hold_id, left, key=key, about=about, now=now)
        _write(session, units, "forfeited", 1, left, reason, owner_id, done.id, now)
    session.flush()
    return left


def settle(
    session: Session,
    owner_id: str,
    grant_id: str,
    amount: int,
    reason: str,
    now: datetime,
    *,
    lapses: bool = False,
    step: int | None = None,
) -> UnitGrant:
    """Take vested units off the book: settled with the member outside of it as the agreement says,
    or lapsed. She is told. `step` says how manieth settlement it is to be, as `next_settlement`
    told, so that asking again settles once.

    Refused beyond what has vested and is still there, and when that step was another settlement.
    """
    units = locked(session, grant_id)
    if step is not None and step < next_settlement(session, grant_id):
        return _same(session, units, step, amount, reason)
    if not 1 <= amount <= units.vested - units.settled:
        raise Refused(
            "%(there)s vested units are there. Settle no more than these.",
            code="units",
            field="amount",
            there=units.vested - units.settled,
        )
    kind: Kind = "lapsed" if lapses else "settled"
    step = _step(session, grant_id, kind)
    key, about = f"units:{units.id}:{kind}:{step}", f"unit_grant:{units.id}"
    common: dict[str, Any] = {
        "owner": units.member_id,
        "commodity": UNITS,
        "key": key,
        "about": about,
    }
    if lapses:
        done = clawbacks.claw_back(session, **common, amount=amount, now=now)[0]
    else:
        done = spending.spend(session, **common, amount=amount, now=now)
    units.settled += amount
    _write(session, units, kind, step, amount, reason, owner_id, done.id, now)
    tell(
        session,
        units.member_id,
        perk_notices.UNITS_SETTLED,
        now,
        link=f"/me/seats/{_invitation_of(session, units)}",
        about=about,
        amount=amount,
        lapsed=lapses,
    )
    return units


def locked(session: Session, grant_id: str) -> UnitGrant:
    """The grant, ours to change until commit; Refused (404) when there is none."""
    units = session.scalar(select(UnitGrant).where(UnitGrant.id == grant_id).with_for_update())
    if units is None:
        raise Refused("There are no such units.", code="no_units", status=404)
    return units


def _write(
    session: Session,
    units: UnitGrant,
    kind: Kind,
    step: int,
    amount: int,
    reason: str,
    by_id: str | None,
    transfer_id: str,
    now: datetime,
) -> None:
    move = UnitMove(
        id=new_id(now),
        grant_id=units.id,
        kind=kind,
        step=step,
        amount=amount,
        reason=reason,
        by_id=by_id,
        at=now,
        transfer_id=transfer_id,
    )
    session.add(move)
    session.flush()
    subject = f"unit_move:{move.id}"
    facts.record(session, "units.moved", units.member_id, subject, now, what=kind, amount=amount)


def next_settlement(session: Session, grant_id: str) -> int:
    """How manieth settlement of a grant comes next."""
    return _step(session, grant_id, "settled")


def _step(session: Session, grant_id: str, kind: Kind) -> int:
    """How manieth move of its kind comes next."""
    made = select(func.count()).where(UnitMove.grant_id == grant_id, UnitMove.kind == kind)
    return (session.scalar(made) or 0) + 1


def _same(session: Session, units: UnitGrant, step: int, amount: int, reason: str) -> UnitGrant:
    """The grant as that step left it; Refused when it settled something else."""
    made = session.scalar(
        select(UnitMove).where(
            UnitMove.grant_id == units.id, UnitMove.kind == "settled", UnitMove.step == step
        )
    )
    if made is None or (made.amount, made.reason) != (amount, reason):
        raise Refused(
            "Units were settled since you opened the page. Look at what is left.",
            code="settled_meanwhile",
            status=409,
        )
    return units


def _invitation_of(session: Session, units: UnitGrant) -> str:
    return session.get_one(Seat, units.seat_id).invitation_id


JOB = Job("rewards.vesting", timedelta(hours=1), vest_due, lazy("Let units vest"))
