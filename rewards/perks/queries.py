"""What the pages about perks show, each in a fixed, small number of statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session, aliased

from foundation.facts import Fact
from foundation.words import _, text_in
from members.models import Member
from rewards import programme
from rewards.cards.newcomers import SAME_MAILBOX
from rewards.commodities import PERK, key_in
from rewards.perks import entitlements
from rewards.perks.entitlements import Held
from rewards.perks.models import Entitlement
from rewards.perks.rules import CONFIRMED, Perk
from rewards.rules import Programme
from rewards.seats import queries as seat_queries

Line = Row[*tuple[Any, ...]]

#: Perks given to single members on the owner's page, the newest.
SHOWN = 100


@dataclass(frozen=True)
class MyPerks:
    """What a member is entitled to, and the perks that she is not."""

    rules: Programme | None
    held: list[Held]
    others: list[Perk]
    is_second: bool  # another account of her mailbox came first, and has what that earns
    seats: Sequence[Line]  # invitations to a seat, and what came of them


def mine(session: Session, member_id: str, now: datetime) -> MyPerks:
    """A member's page of perks."""
    rules = programme.current(session)
    held = entitlements.all_held(session, member_id, now)
    has = {each.perk.key for each in held}
    others = [perk for perk in (rules.perks if rules else ()) if perk.key not in has]
    earnable = any(perk.earned_for == CONFIRMED for perk in others)
    is_second = earnable and _is_second_account(session, member_id)
    return MyPerks(rules, held, others, is_second, seat_queries.mine(session, member_id))


def _is_second_account(session: Session, member_id: str) -> bool:
    told = select(Fact.id).where(Fact.member_id == member_id, Fact.kind == SAME_MAILBOX)
    return session.scalar(told.limit(1)) is not None


def names(session: Session, commodities: Iterable[str]) -> dict[str, str]:
    """What perks are called in the book, by commodity: as they are now, or were given last."""
    keys = {code: key for code in commodities if (key := key_in(code, PERK)) is not None}
    rules = programme.current(session) if keys else None
    found = {}
    for code, key in keys.items():
        perk = (rules.perk(key) if rules else None) or _given_last(session, key)
        if perk is not None:
            found[code] = _("%(perk)s (perk)", perk=text_in(perk.name))
    return found


def _given_last(session: Session, key: str) -> Perk | None:
    """A perk as the version has it under which it was given last."""
    newest = Entitlement.id.desc()
    number = session.scalar(
        select(Entitlement.version).where(Entitlement.perk == key).order_by(newest).limit(1)
    )
    version = programme.version(session, number) if number is not None else None
    return version.rules.perk(key) if version else None


Owner = aliased(Member)
_GIVEN = (
    select(
        *Entitlement.__table__.columns,
        Member.name.label("member"),
        Member.handle,
        Owner.name.label("by"),
    )
    .join(Member, Member.id == Entitlement.member_id)
    .outerjoin(Owner, Owner.id == Entitlement.granted_by)
)


def given(session: Session) -> Sequence[Line]:
    """Perks given to single members, the newest first."""
    return session.execute(_GIVEN.order_by(Entitlement.id.desc()).limit(SHOWN)).all()


def one(session: Session, entitlement_id: str) -> Line | None:
    """One of them."""
    return session.execute(_GIVEN.where(Entitlement.id == entitlement_id)).first()
