"""Clubs, topics, posts, and every act of moderation as a row with who and when."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from foundation.tables import Base, Id, Json, Moment, Number


class Club(Base):
    """A place for topics. `name` and `description` are texts by language."""

    __tablename__ = "club"

    id: Mapped[Id] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[Json]
    description: Mapped[Json]
    position: Mapped[int]
    promise_hours: Mapped[int | None]  # business hours until a rant or question is answered
    time_zone: Mapped[str]  # whose Monday to Friday, nine to five, that is
    topics: Mapped[int] = mapped_column(default=0)
    last_topic_id: Mapped[Id | None]  # the topic written in last; no key, so that clubs come first
    created_at: Mapped[Moment]


class Topic(Base):
    """A conversation. Its counters move with each post, in the same transaction."""

    __tablename__ = "topic"
    __table_args__ = (
        Index(None, "club_id", "last_post_id"),
        Index(
            "ix_topic_waiting",
            "response_due_at",
            sqlite_where=text("responded_at is null and breached_at is null"),
            postgresql_where=text("responded_at is null and breached_at is null"),
        ),
        Index(
            "ix_topic_owed",
            "response_due_at",
            sqlite_where=text("responded_at is null and response_due_at is not null"),
            postgresql_where=text("responded_at is null and response_due_at is not null"),
        ),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    club_id: Mapped[Id] = mapped_column(ForeignKey("club.id"))
    kind: Mapped[str]
    title: Mapped[str]
    author_id: Mapped[Id] = mapped_column(ForeignKey("member.id"), index=True)
    created_at: Mapped[Moment]
    posts: Mapped[int]
    last_post_id: Mapped[Id]  # time-ordered and unique: lists are paged by it
    last_post_at: Mapped[Moment]
    accepted_post_id: Mapped[Id | None]
    response_due_at: Mapped[Moment | None]  # the promise, fixed when the topic was started
    responded_at: Mapped[Moment | None]  # first reply by a badged member of the staff
    breached_at: Mapped[Moment | None]  # when the promise was seen to be broken; stays for good
    priority: Mapped[str | None]  # the perk that puts it first: "tier:<key>" or "grant:<id>"


class Post(Base):
    """One numbered text in a topic; number 1 opens it."""

    __tablename__ = "post"
    __table_args__ = (UniqueConstraint("topic_id", "number"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    topic_id: Mapped[Id] = mapped_column(ForeignKey("topic.id"))
    number: Mapped[int]
    author_id: Mapped[Id] = mapped_column(ForeignKey("member.id"), index=True)
    in_reply_to: Mapped[int | None]  # the number of the post it answers
    body: Mapped[str]
    body_html: Mapped[str]
    markdown_version: Mapped[int]
    answers: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[Moment]
    edited_at: Mapped[Moment | None]


class PostEdit(Base):
    """What a post said before it was edited. Never changed; it goes only when a text is erased."""

    __tablename__ = "post_edit"

    id: Mapped[Id] = mapped_column(primary_key=True)
    post_id: Mapped[Id] = mapped_column(ForeignKey("post.id"), index=True)
    body: Mapped[str]
    by_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    at: Mapped[Moment]  # when these words were replaced


class Watch(Base):
    """Somebody who wants to hear of replies in a topic, until `stopped_at`."""

    __tablename__ = "topic_watch"

    topic_id: Mapped[Id] = mapped_column(ForeignKey("topic.id"), primary_key=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"), primary_key=True)
    since: Mapped[Moment]
    stopped_at: Mapped[Moment | None]


class Lock(Base):
    """A topic closed for replies, until `lifted_at`."""

    __tablename__ = "topic_lock"
    __table_args__ = (
        Index(
            "uq_topic_lock_open",
            "topic_id",
            unique=True,
            sqlite_where=text("lifted_at is null"),
            postgresql_where=text("lifted_at is null"),
        ),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    topic_id: Mapped[Id] = mapped_column(ForeignKey("topic.id"))
    by_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    sentence: Mapped[str]
    at: Mapped[Moment]
    lifted_at: Mapped[Moment | None]
    lifted_by_id: Mapped[Id | None] = mapped_column(ForeignKey("member.id"))


class Fold(Base):
    """A post folded, and the statement of reasons; over when `restored_at` is set."""

    __tablename__ = "fold"
    __table_args__ = (
        Index(
            "uq_fold_open",
            "post_id",
            unique=True,
            sqlite_where=text("restored_at is null"),
            postgresql_where=text("restored_at is null"),
        ),
        Index(None, "post_id"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    post_id: Mapped[Id] = mapped_column(ForeignKey("post.id"))
    by_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    reason: Mapped[str]  # a code of rules.REASONS
    sentence: Mapped[str]
    at: Mapped[Moment]
    restored_at: Mapped[Moment | None]
    restored_by_id: Mapped[Id | None] = mapped_column(ForeignKey("member.id"))


class Appeal(Base):
    """The author against a fold; decided by somebody else than who folded."""

    __tablename__ = "appeal"

    id: Mapped[Id] = mapped_column(primary_key=True)
    fold_id: Mapped[Id] = mapped_column(ForeignKey("fold.id"), unique=True)
    by_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    text: Mapped[str]
    at: Mapped[Moment]
    decided_at: Mapped[Moment | None]
    decided_by_id: Mapped[Id | None] = mapped_column(ForeignKey("member.id"))
    decision: Mapped[str | None]  # granted, refused
    reason: Mapped[str | None]  # why, in the decider's words


class Report(Base):
    """Somebody says that something here breaks a rule or the law. Outlives what it is about."""

    __tablename__ = "report"

    id: Mapped[Id] = mapped_column(primary_key=True)
    post_id: Mapped[Id | None] = mapped_column(index=True)  # when the place is a post of ours
    place: Mapped[str]  # the address as it was given
    reporter_id: Mapped[Id | None]
    reporter_name: Mapped[str | None]
    reporter_email: Mapped[str | None]
    reason: Mapped[str]
    text: Mapped[str]
    at: Mapped[Moment]


class ReportDecision(Base):
    """What came of a report. A report without one is open."""

    __tablename__ = "report_decision"

    report_id: Mapped[Id] = mapped_column(primary_key=True)
    by_id: Mapped[Id]
    decision: Mapped[str]  # folded, kept
    sentence: Mapped[str]
    at: Mapped[Moment]


class ModerationEntry(Base):
    """A line of the public log: who did what to which text, and why. Append-only.

    No foreign key to content or people: the line stays when they go. `leaf` is its number in the
    transparency log, which commits to exactly these words.
    """

    __tablename__ = "moderation_entry"
    __table_args__ = (Index(None, "reason", "id"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    event: Mapped[str]
    target: Mapped[str]  # post:<id>, topic:<id>
    by_id: Mapped[Id]
    by_name: Mapped[str]
    reason: Mapped[str | None]
    sentence: Mapped[str]
    at: Mapped[Moment]
    leaf: Mapped[Number]
