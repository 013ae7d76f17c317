"""Folding, restoring, locking. Each act is public, names its reason, and can be undone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from community import notices, posting, rules
from community.models import Club, Fold, Lock, Post, Topic
from community.record import put_on_record
from community.rules import Person
from foundation import facts, search, versions
from foundation.once import insert_once
from foundation.refusal import Refused
from foundation.tables import new_id


def fold(
    session: Session, by: Person, post_id: str, reason: str, sentence: str, now: datetime
) -> Fold:
    """Fold a post for one of rules.REASONS, with a sentence that the author and everybody reads.

    Refused for one's own posts, for answers to them, in topics one started, and when folded
    already.
    """
    code = rules.reason_of(reason).code
    sentence = rules.words_of(sentence, rules.SENTENCE_LENGTH, "sentence")
    post = posting.locked_post(session, post_id)
    rules.refuse_judge_in_own_cause(by, post.author_id, *_answered_by(session, post))
    made = _open_fold(session, post, by, code, sentence, now)
    search.forget(session, *posting.search_key(post))
    notices.tell_of_fold(session, made, post, by, now)
    facts.record(
        session,
        "post.folded",
        post.author_id,
        f"fold:{made.id}",
        now,
        post=post.id,
        topic=post.topic_id,
        reason=code,
    )
    put_on_record(session, "post.folded", f"post:{post.id}", by, sentence, now, code)
    versions.touch(session, f"topic:{post.topic_id}")
    return made


def restore(session: Session, by: Person, fold_id: str, sentence: str, now: datetime) -> Fold:
    """Undo a fold. Refused for one's own posts, and when it was undone already."""
    sentence = rules.words_of(sentence, rules.SENTENCE_LENGTH, "sentence")
    found = locked_fold(session, fold_id)
    post = session.get_one(Post, found.post_id)
    rules.refuse_judge_in_own_cause(by, post.author_id)
    lift(session, found, post, by, now)
    notices.tell_of_restoring(session, found, post, by, sentence, now)
    put_on_record(session, "post.restored", f"post:{post.id}", by, sentence, now, found.reason)
    versions.touch(session, f"topic:{post.topic_id}")
    return found


def lift(session: Session, found: Fold, post: Post, by: Person, now: datetime) -> None:
    """End a fold: the post reads as before. What is said about it, its callers say, and
    then touch its topic."""
    if found.restored_at is not None:
        raise Refused("This post was restored already.", code="restored")
    found.restored_at, found.restored_by_id = now, by.id
    session.flush()
    posting.make_findable(session, post)
    facts.record(
        session,
        "post.restored",
        post.author_id,
        f"fold:{found.id}",
        now,
        post=post.id,
        topic=post.topic_id,
    )


def lock(session: Session, by: Person, topic_id: str, sentence: str, now: datetime) -> None:
    """Close a topic for replies. Refused for topics one started."""
    sentence = rules.words_of(sentence, rules.SENTENCE_LENGTH, "sentence")
    topic = _topic(session, topic_id)
    rules.refuse_judge_in_own_cause(by, topic.author_id)
    values = {
        "id": new_id(now),
        "topic_id": topic_id,
        "by_id": by.id,
        "sentence": sentence,
        "at": now,
    }
    if not insert_once(session, Lock, values):
        raise Refused("This topic is locked already.", code="locked")
    put_on_record(session, "topic.locked", f"topic:{topic_id}", by, sentence, now)
    versions.touch(session, f"topic:{topic_id}", f"club:{_slug(session, topic)}")


def unlock(session: Session, by: Person, topic_id: str, sentence: str, now: datetime) -> None:
    """Open a topic for replies again."""
    sentence = rules.words_of(sentence, rules.SENTENCE_LENGTH, "sentence")
    topic = _topic(session, topic_id)
    lifted = session.execute(
        update(Lock)
        .where(Lock.topic_id == topic_id, Lock.lifted_at.is_(None))
        .values(lifted_at=now, lifted_by_id=by.id)
        .returning(Lock.id)
    ).first()
    if lifted is None:
        raise Refused("This topic is not locked.", code="not_locked")
    put_on_record(session, "topic.unlocked", f"topic:{topic_id}", by, sentence, now)
    versions.touch(session, f"topic:{topic_id}", f"club:{_slug(session, topic)}")


def locked_fold(session: Session, fold_id: str) -> Fold:
    """The fold, ours to change until commit; Refused (404) when there is none."""
    found = session.scalar(select(Fold).where(Fold.id == fold_id).with_for_update())
    if found is None:
        raise Refused("There is no such fold.", code="no_fold", status=404)
    return found


def _open_fold(
    session: Session, post: Post, by: Person, code: str, sentence: str, now: datetime
) -> Fold:
    values = {
        "id": new_id(now),
        "post_id": post.id,
        "by_id": by.id,
        "reason": code,
        "sentence": sentence,
        "at": now,
    }
    if not insert_once(session, Fold, values):
        raise Refused("This post is folded already.", code="folded")
    return session.get_one(Fold, values["id"])


def _answered_by(session: Session, post: Post) -> list[str]:
    """Whom a post speaks to: who started the topic, and who wrote what it answers."""
    spoken_to = [_topic(session, post.topic_id).author_id] if post.number > 1 else []
    if post.in_reply_to:
        spoken_to += session.scalars(
            select(Post.author_id).where(
                Post.topic_id == post.topic_id, Post.number == post.in_reply_to
            )
        )
    return spoken_to


def _topic(session: Session, topic_id: str) -> Topic:
    topic = session.get(Topic, topic_id)
    if topic is None:
        raise Refused("There is no such topic.", code="no_topic", status=404)
    return topic


def _slug(session: Session, topic: Topic) -> str:
    return session.scalars(select(Club.slug).where(Club.id == topic.club_id)).one()
