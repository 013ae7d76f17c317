"""A member's answer to an invitation: accepting with her name typed, or declining."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import facts
from foundation.refusal import Refused
from foundation.tables import new_id
from members.models import Member
from rewards.seats import inviting, unit_gate, vesting
from rewards.seats.models import Seat, SeatInvitation
from rewards.seats.unit_gate import Gate

NAME_LENGTH = 120


@dataclass(frozen=True)
class Acceptance:
    """What a member says when she accepts; `address` is the IP address she says it from."""

    agreement: int  # number of the version she was shown
    language: str
    typed_name: str
    country: str
    address: str
    without_units: bool = False


def accept(
    session: Session,
    member_id: str,
    invitation_id: str,
    said: Acceptance,
    gate: Gate,
    now: datetime,
) -> Seat:
    """Take the seat, on record with version, language, time, address and the name as typed; the
    same said again gives the same seat.

    Refused when the invitation is not hers or not open, when another version was shown, without a
    name or a country, and with units where they cannot be granted.
    """
    invitation = _hers(session, member_id, invitation_id)
    if (taken := _taken_before(session, invitation, said)) is not None:
        return taken
    inviting.refuse_answered(invitation)
    _check(session, invitation, said, now)
    wants_units = invitation.units is not None and not said.without_units
    if wants_units:
        _refuse_units(gate, said.country)
    seat = Seat(
        id=new_id(now),
        invitation_id=invitation.id,
        member_id=member_id,
        agreement=invitation.agreement,
        language=said.language,
        typed_name=_tidy(said.typed_name),
        country=said.country,
        address=said.address,
        accepted_at=now,
    )
    invitation.answered_at = now
    session.add(seat)
    session.flush()
    subject = f"seat:{seat.id}"
    facts.record(session, "seat.accepted", member_id, subject, now, agreement=seat.agreement)
    if wants_units:
        granted = vesting.grant(session, seat, invitation, now)
        vesting.vest(session, granted.id, now)  # steps that were counted from a day gone by
    return seat


def decline(session: Session, member_id: str, invitation_id: str, now: datetime) -> None:
    """Say no; nothing else follows from it, and saying it again changes nothing."""
    invitation = _hers(session, member_id, invitation_id)
    if invitation.declined_at is not None:
        return
    inviting.refuse_answered(invitation)
    invitation.declined_at = now
    session.flush()


def _hers(session: Session, member_id: str, invitation_id: str) -> SeatInvitation:
    invitation = inviting.locked(session, invitation_id)
    if invitation.member_id != member_id:
        raise Refused("There is no such invitation.", code="no_invitation", status=404)
    return invitation


def _taken_before(session: Session, invitation: SeatInvitation, said: Acceptance) -> Seat | None:
    """The seat that these very words took: a second press, or a request that was sent again."""
    seat = session.scalar(select(Seat).where(Seat.invitation_id == invitation.id))
    if seat is None or seat.ended_at is not None:
        return None
    before = (seat.agreement, seat.language, seat.typed_name, seat.country)
    now = (said.agreement, said.language, _tidy(said.typed_name), said.country)
    return seat if before == now else None


def _tidy(name: str) -> str:
    return " ".join(name.split())


def _check(session: Session, invitation: SeatInvitation, said: Acceptance, now: datetime) -> None:
    if now >= invitation.expires_at:
        raise Refused(
            "This invitation has run out. Ask who invited you for another one.", code="expired"
        )
    if said.agreement != invitation.agreement:
        raise Refused("Read the agreement of this invitation first.", code="agreement", status=409)
    typed = _tidy(said.typed_name)
    name = session.get_one(Member, invitation.member_id).name
    if not typed or len(typed) > NAME_LENGTH:
        raise Refused(
            "Type your name, as you would sign: %(name)s.",
            code="name",
            field="typed_name",
            name=name,
        )
    if not unit_gate.is_country(said.country):
        raise Refused("Say in which country you live.", code="country", field="country")


def _refuse_units(gate: Gate, country: str) -> None:
    if not gate.is_open:  # it was when she was invited
        raise Refused(
            "Units cannot be granted at present. You can take the seat without them: tick the box"
            " below. Or ask who invited you, and answer later.",
            code="no_counsel",
            field="without_units",
        )
    if not gate.lets_in(country):
        raise Refused(
            "Units cannot be granted where you live. You can take the seat without them: tick the"
            " box below.",
            code="country_blocked",
            field="country",
        )
