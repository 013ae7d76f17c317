"""Giving a perk to one member: an owner with a reason, or a rule for a fact; and taking it back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import facts
from foundation.facts import Fact
from foundation.once import insert_once
from foundation.refusal import Refused
from foundation.tables import new_id
from members import handles
from notifications.telling import tell
from rewards import programme
from rewards.happenings import is_second_account
from rewards.locking import lock_members
from rewards.perks import booking, entitlements, notices
from rewards.perks.models import Entitlement
from rewards.perks.rules import EARNING_FACTS, Perk

REASON_LENGTH = 500
#: What makes a request the same as the one before.
ASKED = ("member_id", "perk", "reason", "ends_at", "granted_by")


@dataclass(frozen=True)
class PerkDraft:
    """What an owner gives to one member; `ends_at` None: until it is taken back. `key` makes it
    happen once."""

    handle: str
    perk: str
    reason: str
    ends_at: datetime | None = None
    key: str | None = None


def grant(session: Session, owner_id: str, draft: PerkDraft, now: datetime) -> Entitlement:
    """Give a perk of the programme in force to a member, who is told with the reason; under the
    same key again, the one given before.

    Refused for somebody or something unknown, without a reason, with an end in the past, or when
    the key gave something else.
    """
    version = programme.latest(session)
    perk = version.rules.perk(draft.perk) if version else None
    if version is None or perk is None:
        raise Refused(
            "The programme has no such perk. Choose another one.", code="no_perk", field="perk"
        )
    member_id = member_called(session, draft.handle)
    if draft.ends_at is not None and draft.ends_at <= now:
        raise Refused(
            "It would end before it begins. Choose a later day.", code="ends_at", field="ends_on"
        )
    lock_members(session, [member_id])
    row: dict[str, Any] = {
        "id": new_id(now),
        "member_id": member_id,
        "perk": perk.key,
        "reason": reason_of(draft.reason),
        "version": version.number,
        "granted_by": owner_id,
        "granted_at": now,
        "ends_at": draft.ends_at,
        "request_key": draft.key,
    }
    if not insert_once(session, Entitlement, row):
        return _given_before(session, row)
    given = session.get_one(Entitlement, row["id"])
    booking.credit(session, given, now)
    session.flush()
    _record(session, given, now)
    _tell(session, perk, given, now)
    return given


def _given_before(session: Session, row: Mapping[str, Any]) -> Entitlement:
    given = session.scalars(
        select(Entitlement).where(Entitlement.request_key == row["request_key"])
    ).one()
    if any(getattr(given, name) != row[name] for name in ASKED):
        raise Refused(
            "This form has given something before, and that stands. Send it again only if you want"
            " to give this as well.",
            code="idempotency_conflict",
            status=409,
        )
    return given


def revoke(
    session: Session, owner_id: str, entitlement_id: str, reason: str, now: datetime
) -> None:
    """Take a perk back at once; the member is told why. Refused when it is over already."""
    given = session.get(Entitlement, entitlement_id)
    if given is None:
        raise Refused("There is no such perk.", code="no_perk", status=404)
    lock_members(session, [given.member_id])
    session.refresh(given, with_for_update=True)
    if given.revoked_at is not None:
        raise Refused("It was taken back already.", code="revoked", status=409)
    given.revoke_reason = reason_of(reason)
    given.revoked_at, given.revoked_by = now, owner_id
    booking.take_back(session, given, now)
    session.flush()
    subject = f"entitlement:{given.id}"
    facts.record(session, "perk.revoked", given.member_id, subject, now, perk=given.perk)
    rules = programme.current(session)
    perk = rules.perk(given.perk) if rules else None
    tell(
        session,
        given.member_id,
        notices.PERK_REVOKED,
        now,
        link="/me/perks",
        about=subject,
        perk=perk.name if perk else {"en": given.perk},
        reason=given.revoke_reason,
    )


def hear(session: Session, heard: Sequence[Fact], now: datetime) -> None:
    """Give what the programme of its day promises for each fact, for as long as it says.

    Facts whose perk would be over by now (an import of old ones) give nothing, and of several
    accounts with one mailbox only the first one's confirmed address does.
    """
    wanted = [fact for fact in heard if fact.kind in EARNING_FACTS and fact.member_id]
    earned = list(_earned(session, wanted, now))
    lock_members(session, (str(each.fact.member_id) for each in earned))
    for each in earned:
        _earn(session, each, now)


@dataclass(frozen=True)
class _Earned:
    perk: Perk
    fact: Fact
    version: int
    ends_at: datetime


def _earned(session: Session, wanted: Sequence[Fact], now: datetime) -> Iterator[_Earned]:
    dated = programme.timeline(session) if wanted else []
    numbers = {fact.id: programme.in_force(dated, fact.at) for fact in wanted}
    known = programme.numbered(session, (each for each in numbers.values() if each is not None))
    for fact in wanted:
        if is_second_account(fact.details):
            continue
        version = known.get(numbers[fact.id] or 0)
        for perk in version.rules.perks if version else ():
            ends_at = fact.at + timedelta(days=perk.earned_days)
            if perk.earned_for == fact.kind and ends_at > now and version:
                yield _Earned(perk, fact, version.number, ends_at)


def _earn(session: Session, each: _Earned, now: datetime) -> None:
    perk, member_id = each.perk, str(each.fact.member_id)
    had = entitlements.grants_of(session, member_id, now, perk.key)
    row: dict[str, Any] = {
        "id": new_id(now),
        "member_id": member_id,
        "perk": perk.key,
        "reason": "",
        "fact_id": each.fact.id,
        "fact_kind": each.fact.kind,
        "version": each.version,
        "granted_at": now,
        "ends_at": each.ends_at,
    }
    if insert_once(session, Entitlement, row):
        given = session.get_one(Entitlement, row["id"])
        booking.credit(session, given, now)
        session.flush()
        _record(session, given, now)
        if not had:  # who earns it again and again is told once
            _tell(session, perk, given, now)


def _record(session: Session, given: Entitlement, now: datetime) -> None:
    ends_at = given.ends_at.isoformat() if given.ends_at else None
    subject = f"entitlement:{given.id}"
    facts.record(
        session, "perk.granted", given.member_id, subject, now, perk=given.perk, until=ends_at
    )


def _tell(session: Session, perk: Perk, given: Entitlement, now: datetime) -> None:
    tell(
        session,
        given.member_id,
        notices.PERK_GRANTED,
        now,
        link="/me/perks",
        about=f"entitlement:{given.id}",
        perk=perk.name,
        description=perk.description,
        reason=given.reason,
        until=given.ends_at.isoformat() if given.ends_at else None,
    )


def member_called(session: Session, handle: str, field: str = "handle") -> str:
    """The member somebody calls by @handle or e-mail address; Refused at `field` when there is
    nobody."""
    member_id = handles.find(session, handle)
    if member_id is None:
        raise Refused(
            "Nobody here is called %(name)s. Type a handle, like @ada, or an e-mail address; both"
            " stand on the page of customers.",
            code="no_member",
            field=field,
            name=handle.strip(),
        )
    return member_id


def reason_of(text: str, field: str = "reason") -> str:
    """An owner's reason; Refused when it is missing or too long."""
    reason = " ".join(text.split())
    if not reason:
        raise Refused("Give a reason: the member reads it.", code="no_reason", field=field)
    if len(reason) > REASON_LENGTH:
        raise Refused(
            "That is %(length)s characters; %(limit)s fit. Shorten it a little.",
            code="too_long",
            field=field,
            length=len(reason),
            limit=REASON_LENGTH,
        )
    return reason
