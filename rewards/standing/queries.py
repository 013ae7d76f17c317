"""What the pages of standing need, each in a fixed, small number of statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.paging import Page, read_page
from foundation.words import lazy
from rewards import programme
from rewards.happenings import place_of
from rewards.programme import Version
from rewards.rules import Programme
from rewards.standing import explaining, tiers
from rewards.standing.explaining import Component
from rewards.standing.models import StandingChange
from rewards.standing.rules import COMPONENTS
from rewards.standing.tiers import Standing

#: Facts that move standing, in words.
FACTS: Mapping[str, Any] = {
    "order.paid": lazy("an order you paid"),
    "order.refunded": lazy("a refund"),
    "referral.qualified": lazy("a friend who bought and kept it"),
    "answer.accepted": lazy("your accepted answer"),
    "review.published": lazy("a review you published"),
    "post.folded": lazy("a post of yours that was folded"),
    "post.restored": lazy("a post of yours that was restored"),
}


@dataclass(frozen=True)
class Reason:
    """A fact that moved somebody's standing."""

    words: Any
    href: str | None


@dataclass(frozen=True)
class Moved:
    """How a component or the whole went."""

    name: Any
    was: int
    now: int


@dataclass(frozen=True)
class Change:
    """A change in a member's history: what turned, by how much, and why."""

    row: StandingChange
    before: dict[str, str]
    after: dict[str, str]
    reasons: Sequence[Reason]
    more: int
    moves: Sequence[Moved]

    @property
    def was(self) -> int:
        return int(self.row.was["total"])

    @property
    def now(self) -> int:
        return int(self.row.now["total"])


@dataclass(frozen=True)
class MyStanding:
    """Everything on /me/standing; without a programme that weighs standing only the version."""

    version: Version | None
    standing: Standing | None = None
    components: Sequence[Component] = ()
    ways: Sequence[str] = ()
    changes: Page[Change] | None = None


def mine(session: Session, member_id: str, now: datetime, cursor: str | None) -> MyStanding:
    """A member's standing, how it adds up, the ways up and the history of its changes."""
    version = programme.latest(session)
    if version is None or version.rules.standing is None:
        return MyStanding(version)
    rules, today = version.rules, now.toordinal()
    each = tiers.kept(session, member_id, rules, now)
    standing = tiers.weighed(rules, each, now)
    measured, ways = each.place.measured, list[str]()
    if standing.next is not None:
        least = standing.next.standing_min
        ways = explaining.ways_up(rules, each.sheet, measured, least, today)
    return MyStanding(
        version=version,
        standing=standing,
        components=explaining.mine(rules, each.sheet, measured, today),
        ways=ways,
        changes=_changes(session, member_id, rules, cursor),
    )


def _changes(
    session: Session, member_id: str, rules: Programme, cursor: str | None
) -> Page[Change]:
    statement: Any = select(StandingChange.__table__).where(StandingChange.member_id == member_id)
    page = read_page(
        session, statement, StandingChange.number, cursor=cursor, path="/me/standing", size=15
    )
    versions = programme.numbered(session, (row.version for row in page.rows))
    rows = [_change(row, versions.get(row.version), rules) for row in page.rows]
    return Page(rows, page.next, page.previous)


def _change(row: StandingChange, version: Version | None, now: Programme) -> Change:
    def name(key: str) -> dict[str, str]:
        tier = (version.rules.tier(key) if version else None) or now.tier(key)
        return tier.name if tier else {"en": key}

    named = row.reasons.get("facts", [])
    return Change(
        row=row,
        before=name(row.before),
        after=name(row.after),
        reasons=[_reason(each) for each in named],
        more=int(row.reasons.get("more", 0)),
        moves=[
            Moved(explaining.NAMES[key], int(row.was[key]), int(row.now[key]))
            for key in COMPONENTS
            if row.was[key] != row.now[key]
        ],
    )


def _reason(named: Mapping[str, str]) -> Reason:
    return Reason(FACTS.get(named["kind"], named["kind"]), place_of(named["subject"]))
