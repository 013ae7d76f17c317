"""What the pages show: one function per page, Core rows, a fixed number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from sqlalchemy import Row, and_, case, func, select
from sqlalchemy.orm import Session, aliased

from community.models import (
    Appeal,
    Club,
    Fold,
    Lock,
    ModerationEntry,
    Post,
    PostEdit,
    Report,
    ReportDecision,
    Topic,
    Watch,
)
from community.rules import PAGE, REASONS
from foundation.paging import Page, read_page
from members.models import Member

#: Promises that a club's record looks back on: the latest so many.
RECORD = 500
#: Reports and appeals on the queue's page, the oldest first.
QUEUE = 50
#: Promises on the staff's page; who owes more answers than that has other worries.
OPEN = 200

Line = Row[*tuple[Any, ...]]

WITHHELD = [reason.code for reason in REASONS.values() if not reason.readable]

Folder = aliased(Member)
Accepted = aliased(Post)
_is_open = and_(Fold.post_id == Post.id, Fold.restored_at.is_(None))


@dataclass(frozen=True)
class PromiseRecord:
    """How the company kept its promise to answer, over a club's latest promises."""

    kept: int
    broken: int
    median_minutes: int | None  # until the first badged answer, by the clock on the wall

    @property
    def share(self) -> float | None:
        """Kept of all that were kept or broken, 0 to 1."""
        settled = self.kept + self.broken
        return self.kept / settled if settled else None


@dataclass(frozen=True)
class TopicPage:
    """A page of a topic; `start` and the neighbours are post numbers."""

    topic: Line
    posts: Sequence[Line]
    start: int

    @property
    def next(self) -> int | None:
        after = self.start + PAGE
        return after if after <= self.topic.posts else None

    @property
    def previous(self) -> int | None:
        return max(1, self.start - PAGE) if self.start > 1 else None


@dataclass(frozen=True)
class ClubPage:
    """A club, some of its topics, and its record of answers."""

    club: Line
    topics: Page[Any]
    record: PromiseRecord | None


def clubs(session: Session) -> Sequence[Line]:
    """Every club with the topic last written in."""
    return session.execute(
        select(
            Club.id,
            Club.slug,
            Club.name,
            Club.description,
            Club.topics,
            Club.promise_hours,
            Topic.id.label("last_id"),
            Topic.title.label("last_title"),
            Topic.last_post_at.label("last_at"),
        )
        .outerjoin(Topic, Topic.id == Club.last_topic_id)
        .order_by(Club.position, Club.id)
    ).all()


def club(session: Session, slug: str) -> Line | None:
    """One club."""
    return session.execute(select(*Club.__table__.columns).where(Club.slug == slug)).first()


def club_page(session: Session, slug: str, kind: str | None, cursor: str | None) -> ClubPage | None:
    """A page of a club's topics, those written in last first; only of `kind` when it is given."""
    found = club(session, slug)
    if found is None:
        return None
    rows: Any = (
        select(
            Topic.id,
            Topic.kind,
            Topic.title,
            Topic.posts,
            Topic.last_post_id,
            Topic.last_post_at,
            Topic.accepted_post_id,
            Topic.response_due_at,
            Topic.responded_at,
            Topic.breached_at,
            Topic.priority,
            Member.name.label("author"),
            Lock.id.label("lock_id"),
        )
        .join(Member, Member.id == Topic.author_id)
        .outerjoin(Lock, and_(Lock.topic_id == Topic.id, Lock.lifted_at.is_(None)))
        .where(Topic.club_id == found.id)
    )
    path = f"/clubs/{slug}"
    if kind:
        rows, path = rows.where(Topic.kind == kind), f"{path}?kind={kind}"
    topics = read_page(session, rows, Topic.last_post_id, cursor=cursor, path=path)
    record = promise_record(session, found.id) if found.promise_hours else None
    return ClubPage(found, topics, record)


def promise_record(session: Session, club_id: str) -> PromiseRecord:
    """What became of the club's latest promises; those still running do not count."""
    rows = session.execute(
        select(Topic.created_at, Topic.response_due_at, Topic.responded_at, Topic.breached_at)
        .where(Topic.club_id == club_id, Topic.response_due_at.is_not(None))
        .order_by(Topic.id.desc())
        .limit(RECORD)
    ).all()
    kept = sum(1 for row in rows if row.responded_at and row.responded_at <= row.response_due_at)
    late = sum(1 for row in rows if row.responded_at and row.responded_at > row.response_due_at)
    silent = sum(1 for row in rows if row.breached_at and not row.responded_at)
    waits = [
        (row.responded_at - row.created_at).total_seconds() / 60 for row in rows if row.responded_at
    ]
    return PromiseRecord(kept, late + silent, round(median(waits)) if waits else None)


def open_promises(session: Session) -> Sequence[Line]:
    """Topics that still wait for the company: those with priority first, then by their time."""
    return session.execute(
        select(
            Topic.id,
            Topic.kind,
            Topic.title,
            Topic.created_at,
            Topic.response_due_at,
            Topic.breached_at,
            Topic.priority,
            Member.name.label("author"),
            Club.slug,
            Club.name.label("club_name"),
        )
        .join(Member, Member.id == Topic.author_id)
        .join(Club, Club.id == Topic.club_id)
        .where(Topic.responded_at.is_(None), Topic.response_due_at.is_not(None))
        .order_by(Topic.priority.is_(None), Topic.response_due_at, Topic.id)
        .limit(OPEN)
    ).all()


_TOPIC_HEAD = (
    select(
        Topic.id,
        Topic.kind,
        Topic.title,
        Topic.author_id,
        Topic.posts,
        Topic.created_at,
        Topic.response_due_at,
        Topic.responded_at,
        Topic.breached_at,
        Topic.priority,
        Topic.accepted_post_id,
        Accepted.number.label("accepted_number"),
        Club.slug,
        Club.name.label("club_name"),
        Club.time_zone,
        Lock.sentence.label("lock_sentence"),
        Lock.at.label("locked_at"),
    )
    .join(Club, Club.id == Topic.club_id)
    .outerjoin(Accepted, Accepted.id == Topic.accepted_post_id)
    .outerjoin(Lock, and_(Lock.topic_id == Topic.id, Lock.lifted_at.is_(None)))
)

_POSTS = (
    select(
        Post.id,
        Post.number,
        Post.in_reply_to,
        Post.answers,
        Post.created_at,
        Post.edited_at,
        case((Fold.reason.in_(WITHHELD), ""), else_=Post.body_html).label("body_html"),
        Member.name.label("author"),
        Member.handle,
        Member.role,
        Fold.reason.label("fold_reason"),
        Fold.sentence.label("fold_sentence"),
        Fold.at.label("folded_at"),
        Folder.name.label("folded_by"),
    )
    .join(Member, Member.id == Post.author_id)
    .outerjoin(Fold, _is_open)
    .outerjoin(Folder, Folder.id == Fold.by_id)
)


def topic(session: Session, topic_id: str) -> Line | None:
    """A topic without its posts."""
    return session.execute(_TOPIC_HEAD.where(Topic.id == topic_id)).first()


def topic_page(session: Session, topic_id: str, start: int) -> TopicPage | None:
    """PAGE posts of a topic from number `start` on; two statements, whatever the page holds."""
    head = topic(session, topic_id)
    if head is None:
        return None
    rows = session.execute(
        _POSTS.where(
            Post.topic_id == topic_id, Post.number >= start, Post.number < start + PAGE
        ).order_by(Post.number)
    ).all()
    return TopicPage(head, rows, start)


def post(session: Session, post_id: str) -> Line | None:
    """One post with its topic, its author and its open fold. `body` is the Markdown as written."""
    return session.execute(
        _POSTS.add_columns(
            Post.body,
            Post.author_id,
            Post.topic_id,
            Fold.id.label("fold_id"),
            Fold.by_id.label("folded_by_id"),
            Topic.title,
            Topic.author_id.label("topic_author_id"),
            Topic.accepted_post_id,
            Club.slug,
            Club.name.label("club_name"),
        )
        .join(Topic, Topic.id == Post.topic_id)
        .join(Club, Club.id == Topic.club_id)
        .where(Post.id == post_id)
    ).first()


def post_number(session: Session, topic_id: str, number: int) -> Line | None:
    """A post by its number in a topic, as much as a quote needs."""
    return session.execute(
        select(Post.id, Post.number, Post.body, Member.handle, Fold.reason.label("fold_reason"))
        .join(Member, Member.id == Post.author_id)
        .outerjoin(Fold, _is_open)
        .where(Post.topic_id == topic_id, Post.number == number)
    ).first()


def edits(session: Session, post_id: str) -> Sequence[Line]:
    """What a post said before, the latest change first."""
    return session.execute(
        select(PostEdit.body, PostEdit.at)
        .where(PostEdit.post_id == post_id)
        .order_by(PostEdit.id.desc())
    ).all()


def is_watching(session: Session, topic_id: str, member_id: str) -> bool:
    """Whether the member hears of replies in the topic."""
    return (
        session.scalar(
            select(Watch.topic_id).where(
                Watch.topic_id == topic_id,
                Watch.member_id == member_id,
                Watch.stopped_at.is_(None),
            )
        )
        is not None
    )


def started_by(session: Session, member_id: str) -> Sequence[Line]:
    """The topics that a member started, the latest first."""
    return session.execute(
        select(Topic.id, Topic.kind, Topic.title, Topic.posts, Topic.last_post_at)
        .where(Topic.author_id == member_id)
        .order_by(Topic.id.desc())
        .limit(5)
    ).all()


def moderation_log(
    session: Session, reason: str | None, cursor: str | None
) -> tuple[Page[Any], dict[str, int]]:
    """A page of the public log, the latest first, and how many acts of each event it holds."""
    rows: Any = select(*ModerationEntry.__table__.columns)
    path = "/moderation"
    if reason:
        rows, path = rows.where(ModerationEntry.reason == reason), f"{path}?reason={reason}"
    counts = session.execute(
        select(ModerationEntry.event, func.count()).group_by(ModerationEntry.event)
    )
    page = read_page(session, rows, ModerationEntry.id, cursor=cursor, size=30, path=path)
    return page, {event: count for event, count in counts}  # noqa: C416 - rows are no pairs to mypy


def moderation_entry(session: Session, entry_id: str) -> Line | None:
    """One line of the public log."""
    columns = ModerationEntry.__table__.columns
    return session.execute(select(*columns).where(ModerationEntry.id == entry_id)).first()


_REPORTS = (
    select(
        *Report.__table__.columns,
        Topic.title,
        Topic.id.label("topic_id"),
        Post.number,
        Post.body_html,
        Post.author_id,
        Member.name.label("author"),
        Fold.id.label("fold_id"),
        ReportDecision.decision,
        ReportDecision.sentence.label("decision_sentence"),
        ReportDecision.at.label("decided_at"),
    )
    .outerjoin(ReportDecision, ReportDecision.report_id == Report.id)
    .outerjoin(Post, Post.id == Report.post_id)
    .outerjoin(Topic, Topic.id == Post.topic_id)
    .outerjoin(Member, Member.id == Post.author_id)
    .outerjoin(Fold, _is_open)
)


def open_reports(session: Session) -> Sequence[Line]:
    """Reports nobody has decided, the oldest first; what may be illegal comes before the rest."""
    return session.execute(
        _REPORTS.where(ReportDecision.report_id.is_(None))
        .order_by(case((Report.reason == "illegal", 0), else_=1), Report.id)
        .limit(QUEUE)
    ).all()


def report(session: Session, report_id: str) -> Line | None:
    """One report with the post it is about, if it is about one."""
    return session.execute(_REPORTS.where(Report.id == report_id)).first()


Author = aliased(Member)
Decider = aliased(Member)
_FOLDS = (
    select(
        Fold.id,
        Fold.post_id,
        Fold.by_id,
        Fold.reason,
        Fold.sentence,
        Fold.at,
        Fold.restored_at,
        Folder.name.label("by"),
        Post.author_id,
        Post.number,
        Post.body_html,
        Post.topic_id,
        Topic.title,
        Author.name.label("author"),
        Appeal.id.label("appeal_id"),
        Appeal.text.label("appeal_text"),
        Appeal.at.label("appealed_at"),
        Appeal.decided_at,
        Appeal.decision,
        Appeal.reason.label("decision_reason"),
        Decider.name.label("decided_by"),
    )
    .join(Post, Post.id == Fold.post_id)
    .join(Topic, Topic.id == Post.topic_id)
    .join(Folder, Folder.id == Fold.by_id)
    .join(Author, Author.id == Post.author_id)
    .outerjoin(Appeal, Appeal.fold_id == Fold.id)
    .outerjoin(Decider, Decider.id == Appeal.decided_by_id)
)


def fold(session: Session, fold_id: str) -> Line | None:
    """A fold with its post and, if there is one, its appeal."""
    return session.execute(_FOLDS.where(Fold.id == fold_id)).first()


def appeal(session: Session, appeal_id: str) -> Line | None:
    """The same, found by the appeal."""
    return session.execute(_FOLDS.where(Appeal.id == appeal_id)).first()


def open_appeals(session: Session) -> Sequence[Line]:
    """Appeals nobody has decided, the oldest first."""
    return session.execute(
        _FOLDS.where(Appeal.id.is_not(None), Appeal.decided_at.is_(None))
        .order_by(Appeal.id)
        .limit(QUEUE)
    ).all()


def place_of(session: Session, post_id: str) -> str | None:
    """The address that shows a post among the others of its topic."""
    row = session.execute(select(Post.topic_id, Post.number).where(Post.id == post_id)).first()
    return place(row.topic_id, row.number) if row else None


def place(topic_id: str, number: int) -> str:
    """The address of post `number` in a topic."""
    start = (number - 1) // PAGE * PAGE + 1
    page = f"?from={start}" if start > 1 else ""
    return f"/topics/{topic_id}{page}#post-{number}"


def quotation(handle: str, body: str) -> str:
    """A text as a Markdown quote with its author, ready to be answered."""
    lines = "\n".join(f"> {line}".rstrip() for line in body.splitlines())
    return f"@{handle}:\n\n{lines}\n\n"
