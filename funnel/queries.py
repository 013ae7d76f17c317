"""What the funnel's pages show, and whether its counts are true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation.paging import Page, read_page
from foundation.words import lazy
from funnel import rules
from funnel.models import MemberStage, StageCount, StageEntry
from funnel.rules import STAGES, Stage
from members.models import Member

#: Facts in words, for the list of what put somebody there.
FACTS: dict[str, Any] = {
    "member.joined": lazy("joined"),
    "order.paid": lazy("paid an order"),
    "topic.started": lazy("started a topic"),
    "post.written": lazy("wrote a post"),
    "review.published": lazy("published a review"),
    "answer.accepted": lazy("gave an accepted answer"),
    "referral.lead": lazy("brought a friend who joined"),
    "referral.qualified": lazy("brought a friend who bought and kept it"),
    "role.granted": lazy("was made a moderator"),
}

#: Where a fact's subject has its page.
PAGES = {"order": "/orders/{}", "review": "/reviews/{}", "topic": "/topics/{}", "post": "/posts/{}"}


@dataclass(frozen=True)
class Evidence:
    """A fact that put a member into a stage."""

    kind: str
    subject: str
    at: datetime

    @property
    def words(self) -> Any:
        return FACTS.get(self.kind, self.kind)

    @property
    def href(self) -> str | None:
        kind, _, identifier = self.subject.partition(":")
        return PAGES[kind].format(identifier) if kind in PAGES else None


@dataclass(frozen=True)
class Standing:
    """A member, since when she is in her stage, and why."""

    entry_id: str
    member_id: str
    handle: str
    name: str
    since: datetime
    facts: Sequence[Evidence] = ()


def counts(session: Session) -> list[tuple[Stage, int]]:
    """How many members stand in each stage, narrow end first."""
    found = dict(session.execute(select(StageCount.stage, StageCount.members)).all())
    return [(stage, int(found.get(stage.key, 0))) for stage in STAGES]


def in_stage(session: Session, stage: str, cursor: str | None) -> Page[Standing]:
    """A page of the members in a stage, latest first, with the facts that put them there."""
    statement: Any = (
        select(
            MemberStage.entry_id,
            MemberStage.member_id,
            Member.handle,
            Member.name,
            MemberStage.since,
        )
        .join(Member, Member.id == MemberStage.member_id)
        .where(MemberStage.stage == stage)
    )
    page = read_page(
        session, statement, MemberStage.entry_id, cursor=cursor, path=f"/funnel/{stage}"
    )
    evidence = _evidence(session, [row.member_id for row in page.rows], stage)
    rows = [
        Standing(
            row.entry_id,
            row.member_id,
            row.handle,
            row.name,
            row.since,
            evidence.get(row.member_id, ()),
        )
        for row in page.rows
    ]
    return Page(rows, page.next, page.previous)


def _evidence(session: Session, member_ids: Sequence[str], stage: str) -> dict[str, list[Evidence]]:
    found: dict[str, list[Evidence]] = {}
    rows = session.execute(
        select(StageEntry.member_id, StageEntry.kind, StageEntry.subject, StageEntry.at)
        .where(StageEntry.member_id.in_(member_ids), StageEntry.stage == stage)
        .order_by(StageEntry.at, StageEntry.id)
    )
    for member_id, kind, subject, at in rows:
        found.setdefault(member_id, []).append(Evidence(kind, subject, at))
    return found


@dataclass(frozen=True)
class Passed:
    """A stage on one member's way: when she came, by which facts; None and none: not yet."""

    stage: Stage
    since: datetime | None
    facts: Sequence[Evidence]
    is_now: bool


def way_of(session: Session, member_id: str) -> list[Passed]:
    """All five stages of one member, with the facts that put her into those she reached."""
    now = session.scalar(select(MemberStage.stage).where(MemberStage.member_id == member_id))
    by_stage: dict[str, list[Evidence]] = {}
    rows = session.execute(
        select(StageEntry.stage, StageEntry.kind, StageEntry.subject, StageEntry.at)
        .where(StageEntry.member_id == member_id)
        .order_by(StageEntry.at, StageEntry.id)
    )
    for stage, kind, subject, at in rows:
        by_stage.setdefault(stage, []).append(Evidence(kind, subject, at))
    return [
        Passed(
            stage,
            by_stage[stage.key][-1].at if stage.key in by_stage else None,
            by_stage.get(stage.key, ()),
            stage.key == now,
        )
        for stage in STAGES
    ]


def audit(session: Session) -> list[str]:
    """Stages whose count is not the number of members who stand there."""
    standing = dict(
        session.execute(select(MemberStage.stage, func.count()).group_by(MemberStage.stage)).all()
    )
    counted = dict(session.execute(select(StageCount.stage, StageCount.members)).all())
    return [
        f"{stage}: {counted.get(stage, 0)} counted, {standing.get(stage, 0)} stand there"
        for stage in rules.KEYS
        if counted.get(stage, 0) != standing.get(stage, 0)
    ]
