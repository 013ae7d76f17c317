"""Roles: who may do more than others, granted by an owner, each grant on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from foundation import facts, versions
from foundation.refusal import Refused
from foundation.tables import new_id
from members import addresses, letters
from members.models import Member, RoleGrant
from members.permissions import Role

ROLES: tuple[str, ...] = get_args(Role)


@dataclass(frozen=True)
class Granted:
    """One line of the history of roles."""

    name: str
    handle: str
    role: str
    by: str | None
    at: datetime


def grant(session: Session, by: str | None, email: str, role: str, now: datetime) -> str:
    """Give the member of an address a role; her identifier. `by` is None for the command line.

    Raises Refused for an unknown address or role, and when the last owner would be gone.
    """
    if role not in ROLES:
        raise Refused(
            "A role is one of: %(roles)s.", code="role", field="role", roles=", ".join(ROLES)
        )
    member = session.scalars(
        select(Member).where(Member.email == addresses.normalise(email)).with_for_update()
    ).first()
    if member is None or member.claimed_at is None:
        raise Refused("Nobody with this address has an account.", code="email", field="email")
    if member.role == role:
        return member.id
    if member.role == "owner" and _owners(session) == 1:
        raise Refused("Somebody has to be the owner. Make another one first.", code="last_owner")
    member.role = role
    grant_id = new_id(now)
    session.add(RoleGrant(id=grant_id, member_id=member.id, role=role, granted_by=by, at=now))
    session.flush()
    facts.record(session, "role.granted", member.id, f"role:{grant_id}", now, role=role)
    versions.touch(session, "site")  # her badge stands beside everything she wrote
    letters.write(
        session,
        "member.role_granted",
        member.id,
        now,
        email=member.email or "",
        link="/me",
        role=role,
    )
    return member.id


def holders(session: Session) -> Sequence[Member]:
    """Everybody who is more than a member."""
    return session.scalars(
        select(Member).where(Member.role != "member").order_by(Member.role.desc(), Member.id)
    ).all()


def history(session: Session, limit: int = 50) -> list[Granted]:
    """The latest grants."""
    granter = aliased(Member)
    rows = session.execute(
        select(Member.name, Member.handle, RoleGrant.role, granter.name, RoleGrant.at)
        .join(Member, Member.id == RoleGrant.member_id)
        .outerjoin(granter, granter.id == RoleGrant.granted_by)
        .order_by(RoleGrant.id.desc())
        .limit(limit)
    )
    return [Granted(*row) for row in rows]


def _owners(session: Session) -> int:
    owners = select(Member.id).where(Member.role == "owner").with_for_update().subquery()
    return session.scalar(select(func.count()).select_from(owners)) or 0
