"""Writing: topics, replies, edits, accepted answers. What is written appears at once."""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from community import notices, rules
from community.models import Club, Fold, Lock, Post, PostEdit, Topic, Watch
from community.rules import Kind, Person
from foundation import facts, markdown, search, versions
from foundation.facts import FactDraft
from foundation.once import insert_once
from foundation.refusal import Refused
from foundation.tables import new_id
from rewards.perks import entitlements
from rewards.perks.rules import PRIORITY_ANSWERS, answer_hours


@dataclass(frozen=True)
class TopicDraft:
    """A topic about to be started; `club_id` names the club, `kind` is a code of rules.KINDS."""

    club_id: str
    kind: str
    title: str
    body: str


def start_topic(session: Session, author: Person, draft: TopicDraft, now: datetime) -> Topic:
    """Start a topic with its first post; it is public at once.

    What awaits an answer (rules.KINDS) gets the club's promise: a due time that never moves. Who is
    entitled to priority answers gets one that is sooner, if her perk says so.
    """
    kind = rules.kind_of(draft.kind)
    title = rules.title_of(draft.title)
    body = rules.words_of(draft.body, rules.BODY_LENGTH)
    club = _club(session, draft.club_id)
    hours, priority = _promise(session, club, kind, author, now)
    topic = Topic(
        id=new_id(now),
        club_id=club.id,
        kind=kind.code,
        title=title,
        author_id=author.id,
        created_at=now,
        posts=1,
        last_post_id=new_id(now),
        last_post_at=now,
        response_due_at=rules.due_at(now, hours, club.time_zone) if hours else None,
        priority=priority,
    )
    session.add(topic)
    session.flush()
    post = _add_post(session, topic, 1, author, body, None, now)
    _move_club(session, club, topic.id, started=1)
    watch(session, topic.id, author.id, now)
    search.index(session, "topic", topic.id, title, _plain(post), now)
    notices.tell_of_post(session, topic, post, author, now)
    details = {"board": club.slug, "kind": kind.code}
    started = FactDraft("topic.started", author.id, f"topic:{topic.id}", now, details)
    facts.record_many(session, [started], now)
    versions.touch(session, f"topic:{topic.id}", f"club:{club.slug}", "clubs")
    return topic


def reply(
    session: Session,
    author: Person,
    topic_id: str,
    body: str,
    now: datetime,
    *,
    in_reply_to: int | None = None,
) -> Post:
    """Write the next post of a topic; `in_reply_to` is the number of the post it answers.

    The first reply that carries the staff badge stops the promise's clock. Refused when locked.
    """
    body = rules.words_of(body, rules.BODY_LENGTH)
    topic = _moved_on(session, topic_id, now)
    _refuse_when_locked(session, topic_id)
    post = _add_post(session, topic, topic.posts, author, body, in_reply_to, now)
    if topic.response_due_at and topic.responded_at is None and rules.is_staff(author):
        topic.responded_at = now
    club = _club(session, topic.club_id)
    _move_club(session, club, topic.id)
    watch(session, topic.id, author.id, now)
    search.index(session, "post", post.id, topic.title, _plain(post), now)
    notices.tell_of_post(session, topic, post, author, now)
    details = {"topic": topic.id, "board": club.slug}
    facts.record(session, "post.written", author.id, f"post:{post.id}", now, **details)
    versions.touch(session, f"topic:{topic.id}", f"club:{club.slug}", "clubs")
    return post


def edit(session: Session, author: Person, post_id: str, body: str, now: datetime) -> Post:
    """Change one's own words; what they said before stays readable in the post's history."""
    post = locked_post(session, post_id)
    if post.author_id != author.id:
        raise Refused("Only its author can change a post.", code="not_yours", status=403)
    if is_folded(session, post_id):
        raise Refused(
            "A folded post stays as it is. You can appeal against the fold.", code="folded"
        )
    body = rules.words_of(body, rules.BODY_LENGTH)
    if body == post.body:
        return post
    session.add(PostEdit(id=new_id(now), post_id=post.id, body=post.body, by_id=author.id, at=now))
    post.body, post.body_html, post.edited_at = body, markdown.to_html(body), now
    post.markdown_version = markdown.VERSION
    make_findable(session, post)
    versions.touch(session, f"topic:{post.topic_id}")
    return post


def accept_answer(session: Session, by: Person, post_id: str, now: datetime) -> None:
    """Mark a reply as the answer: for the topic's author, or the staff.

    Only the first acceptance in a topic is a fact (and may be rewarded), and only of somebody
    else's answer; it can be moved to a better answer later.
    """
    post = session.get_one(Post, post_id)
    topic = session.execute(
        select(Topic).where(Topic.id == post.topic_id).with_for_update()
    ).scalar_one()
    if by.id != topic.author_id and not rules.is_staff(by):
        raise Refused(
            "Only who asked, or the staff, can accept an answer.", code="not_yours", status=403
        )
    if post.number == 1 or topic.accepted_post_id == post.id:
        raise Refused("Choose one of the replies.", code="not_a_reply")
    is_first, topic.accepted_post_id = topic.accepted_post_id is None, post.id
    if post.author_id not in (by.id, topic.author_id):
        notices.tell_of_acceptance(session, topic, post, by, now)
        if is_first:
            facts.record(
                session,
                "answer.accepted",
                post.author_id,
                f"post:{post.id}",
                now,
                topic=topic.id,
            )
    session.flush()
    versions.touch(session, f"topic:{topic.id}", f"club:{_club(session, topic.club_id).slug}")


def watch(session: Session, topic_id: str, member_id: str, now: datetime) -> None:
    """Hear of replies from now on; who stopped watching stays in peace when writing again."""
    insert_once(session, Watch, {"topic_id": topic_id, "member_id": member_id, "since": now})


def watch_again(session: Session, topic_id: str, member_id: str, now: datetime) -> None:
    """Hear of replies, also after having stopped."""
    watch(session, topic_id, member_id, now)
    _set_watch(session, topic_id, member_id, None)


def stop_watching(session: Session, topic_id: str, member_id: str, now: datetime) -> None:
    """Hear no more of replies."""
    _set_watch(session, topic_id, member_id, now)


def make_findable(session: Session, post: Post) -> None:
    """Put a post's words into the search: the first post stands for its topic."""
    topic = session.get_one(Topic, post.topic_id)
    kind, ref = search_key(post)
    search.index(session, kind, ref, topic.title, _plain(post), post.created_at)


def search_key(post: Post) -> tuple[str, str]:
    """Under which kind and reference a post is found."""
    return ("topic", post.topic_id) if post.number == 1 else ("post", post.id)


def _plain(post: Post) -> str:
    """A post's words without markup, for search."""
    return html.unescape(markdown.to_text(post.body_html))


def is_folded(session: Session, post_id: str) -> bool:
    """Whether a fold of the post is open."""
    open_fold = select(Fold.id).where(Fold.post_id == post_id, Fold.restored_at.is_(None))
    return session.scalar(open_fold) is not None


def locked_post(session: Session, post_id: str) -> Post:
    """The post, ours to change until commit; Refused (404) when there is none."""
    post = session.scalar(select(Post).where(Post.id == post_id).with_for_update())
    if post is None:
        raise Refused("There is no such post.", code="no_post", status=404)
    return post


def _promise(
    session: Session, club: Club, kind: Kind, author: Person, now: datetime
) -> tuple[int | None, str | None]:
    """Business hours until the answer, if one is promised, and why it comes before others."""
    if not kind.awaits_answer or not club.promise_hours or rules.is_staff(author):
        return None, None
    held = entitlements.held(session, author.id, PRIORITY_ANSWERS, now)
    if held is None:
        return club.promise_hours, None
    return answer_hours(held.perk, club.promise_hours), held.source


def _club(session: Session, club_id: str) -> Club:
    club = session.get(Club, club_id)
    if club is None:
        raise Refused("There is no such club.", code="no_club", status=404)
    return club


def _moved_on(session: Session, topic_id: str, now: datetime) -> Topic:
    """The topic with the next number taken, locked until commit so that numbers have no gaps."""
    topic = session.scalar(
        update(Topic)
        .where(Topic.id == topic_id)
        .values(posts=Topic.posts + 1, last_post_id=new_id(now), last_post_at=now)
        .returning(Topic)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    if topic is None:
        raise Refused("There is no such topic.", code="no_topic", status=404)
    return topic


def _refuse_when_locked(session: Session, topic_id: str) -> None:
    if session.scalar(select(Lock.id).where(Lock.topic_id == topic_id, Lock.lifted_at.is_(None))):
        raise Refused(
            "This topic is locked. Start a new one if there is more to say.", code="locked"
        )


def _add_post(
    session: Session,
    topic: Topic,
    number: int,
    author: Person,
    body: str,
    in_reply_to: int | None,
    now: datetime,
) -> Post:
    answered = in_reply_to if in_reply_to and 0 < in_reply_to < number else None
    post = Post(
        id=topic.last_post_id,
        topic_id=topic.id,
        number=number,
        author_id=author.id,
        in_reply_to=answered,
        body=body,
        body_html=markdown.to_html(body),
        markdown_version=markdown.VERSION,
        answers=0,
        created_at=now,
    )
    session.add(post)
    if answered:
        session.execute(
            update(Post)
            .where(Post.topic_id == topic.id, Post.number == answered)
            .values(answers=Post.answers + 1)
        )
    session.flush()
    return post


def _move_club(session: Session, club: Club, topic_id: str, started: int = 0) -> None:
    session.execute(
        update(Club)
        .where(Club.id == club.id)
        .values(topics=Club.topics + started, last_topic_id=topic_id)
        .execution_options(synchronize_session=False)
    )


def _set_watch(
    session: Session, topic_id: str, member_id: str, stopped_at: datetime | None
) -> None:
    session.execute(
        update(Watch)
        .where(Watch.topic_id == topic_id, Watch.member_id == member_id)
        .values(stopped_at=stopped_at)
    )
