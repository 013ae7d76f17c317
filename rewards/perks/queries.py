"""What the pages about perks show, each in a fixed, small number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session, aliased

from members.models import Member
from rewards import programme
from rewards.perks import entitlements
from rewards.perks.entitlements import Held
from rewards.perks.models import Entitlement
from rewards.perks.rules import Perk
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
    seats: Sequence[Line]  # invitations to a seat, and what came of them


def mine(session: Session, member_id: str, now: datetime) -> MyPerks:
    """A member's page of perks."""
    rules = programme.current(session)
    held = entitlements.all_held(session, member_id, now)
    has = {each.perk.key for each in held}
    others = [perk for perk in (rules.perks if rules else ()) if perk.key not in has]
    return MyPerks(rules, held, others, seat_queries.mine(session, member_id))


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
