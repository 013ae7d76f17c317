"""What a member is entitled to now: other rooms ask here, and nowhere else.

A perk comes with a tier for as long as she is in it, so a change of tier needs no bookkeeping; or
from a row of its own (perk_granting), until its date or until it is taken back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from rewards import programme
from rewards.perks.models import Entitlement
from rewards.perks.rules import Perk
from rewards.rules import Programme, Tier
from rewards.standing import tiers


@dataclass(frozen=True)
class Held:
    """A perk somebody has. `source` says why: "tier:<key>" or "grant:<entitlement id>"."""

    perk: Perk
    source: str
    tier: Tier | None = None
    grant: Entitlement | None = None

    @property
    def ends_at(self) -> datetime | None:
        """When it ends; None as long as the tier or the owner's word lasts."""
        return self.grant.ends_at if self.grant else None


def has(session: Session, member_id: str, key: str, now: datetime) -> bool:
    """Whether the member is entitled to the perk `key` at `now`."""
    return held(session, member_id, key, now) is not None


def held(session: Session, member_id: str, key: str, now: datetime) -> Held | None:
    """The perk `key` if the member is entitled to it at `now`, and why.

    None too when the programme in force has no such perk any more. Whoever may have it by tier
    costs the statement that finds her tier; a perk that nobody can have costs one statement.
    """
    rules = programme.current(session)
    perk = rules.perk(key) if rules else None
    if rules is None or perk is None:
        return None
    return _by_tier(perk, tier_of(session, member_id, rules, now, perk)) or _by_grant(
        perk, grants_of(session, member_id, now, key)
    )


def who_has(session: Session, member_ids: Collection[str], key: str, now: datetime) -> set[str]:
    """Those of many members who are entitled to the perk `key`, in three statements: for lists."""
    rules = programme.current(session)
    perk = rules.perk(key) if rules else None
    if rules is None or perk is None or not member_ids:
        return set()
    given = select(Entitlement.member_id).where(
        Entitlement.member_id.in_(member_ids), Entitlement.perk == key, *_lasting(now)
    )
    found = set(session.scalars(given))
    if perk.tiers:
        placed, lowest = tiers.tiers_of(session, rules, list(member_ids), now), rules.tiers[0].key
        found |= {each for each in member_ids if placed.get(each, lowest) in perk.tiers}
    return found


def all_held(session: Session, member_id: str, now: datetime) -> list[Held]:
    """Every perk the member is entitled to, in the programme's order."""
    rules = programme.current(session)
    if rules is None or not rules.perks:
        return []
    tier = tier_of(session, member_id, rules, now)
    grants = grants_of(session, member_id, now)
    found = (_by_tier(perk, tier) or _by_grant(perk, grants) for perk in rules.perks)
    return [each for each in found if each is not None]


def tier_of(
    session: Session,
    member_id: str,
    rules: Programme,
    now: datetime,
    perk: Perk | None = None,
) -> Tier | None:
    """The member's tier; None (unasked) when `perk` comes with no tier."""
    if perk is not None and not perk.tiers:
        return None
    return tiers.standing(session, member_id, rules, now).tier


def grants_of(
    session: Session, member_id: str, now: datetime, key: str | None = None
) -> Sequence[Entitlement]:
    """Perks given to her that last at `now`, the ones that last longest first."""
    wanted = (
        select(Entitlement)
        .where(Entitlement.member_id == member_id, *_lasting(now))
        .order_by(Entitlement.ends_at.is_not(None), Entitlement.ends_at.desc(), Entitlement.id)
    )
    if key is not None:
        wanted = wanted.where(Entitlement.perk == key)
    return session.scalars(wanted).all()


def _lasting(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Entitlement.granted_at <= now,
        Entitlement.revoked_at.is_(None),
        or_(Entitlement.ends_at.is_(None), Entitlement.ends_at > now),
    )


def _by_tier(perk: Perk, tier: Tier | None) -> Held | None:
    if tier is None or tier.key not in perk.tiers:
        return None
    return Held(perk, f"tier:{tier.key}", tier=tier)


def _by_grant(perk: Perk, grants: Collection[Entitlement]) -> Held | None:
    grant = next((each for each in grants if each.perk == perk.key), None)
    return Held(perk, f"grant:{grant.id}", grant=grant) if grant else None
