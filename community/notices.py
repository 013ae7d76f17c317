"""What people hear from the clubs, and in which cases."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from community.models import Appeal, Fold, Post, Topic, Watch
from community.rules import STAFF_ROLES, Person, mentions, reason_of
from foundation import words
from members.models import Member
from notifications.notices import Notice
from notifications.telling import Telling, tell, tell_many

_TOPIC = {"title": "Which kettle for gyokuro?", "name": "Ben Okafor", "number": 4}
_REASON = {
    "en": "Off topic: It has nothing to do with what is talked about.",
    "zh_Hans": "离题:与所谈话题无关。",
    "zh_Hant": "離題:與所談話題無關。",
}

REPLIED = Notice("topic.replied", "community", _TOPIC)
MENTIONED = Notice("topic.mentioned", "community", _TOPIC)
ACCEPTED = Notice("answer.accepted", "community", _TOPIC)
PROMISE_BROKEN = Notice("promise.broken", "account", {"title": _TOPIC["title"], "club": "Tea"})
FOLDED = Notice(
    "post.folded",
    "account",
    {
        "title": _TOPIC["title"],
        "reason": _REASON,
        "sentence": "The topic is kettles.",
        "by": "Mo",
        "readable": True,
    },
)
RESTORED = Notice(
    "post.restored",
    "account",
    {"title": _TOPIC["title"], "by": "Cleo", "sentence": "On second reading it belongs here."},
)
APPEAL_DECIDED = Notice(
    "appeal.decided",
    "account",
    {"title": _TOPIC["title"], "decision": "granted", "by": "Cleo", "sentence": "It belongs here."},
)
APPEAL_WAITS = Notice("appeal.waits", "account", {"title": _TOPIC["title"], "name": "Ben Okafor"})
REPORT_DECIDED = Notice(
    "report.decided",
    "account",
    {"decision": "kept", "sentence": "Harsh, but about us and not about a person."},
)

#: Everything this room may say; app.py gathers it.
NOTICES = (
    REPLIED,
    MENTIONED,
    ACCEPTED,
    PROMISE_BROKEN,
    FOLDED,
    RESTORED,
    APPEAL_DECIDED,
    APPEAL_WAITS,
    REPORT_DECIDED,
)


def tell_of_post(session: Session, topic: Topic, post: Post, author: Person, now: datetime) -> None:
    """Tell those who are called in a new post, and those who watch its topic; each once."""
    called = _members_called(session, post.body) - {author.id}
    watching = _watching(session, topic.id) - called - {author.id}
    _tell_all(session, MENTIONED, called, topic, post, author, now)
    _tell_all(session, REPLIED, watching, topic, post, author, now)


def tell_of_acceptance(
    session: Session, topic: Topic, post: Post, by: Person, now: datetime
) -> None:
    """Tell the author of an answer that it was accepted."""
    _tell_all(session, ACCEPTED, {post.author_id}, topic, post, by, now)


def tell_of_fold(session: Session, fold: Fold, post: Post, by: Person, now: datetime) -> None:
    """The statement of reasons (Digital Services Act, article 17), kept as it was on that day."""
    reason = reason_of(fold.reason)
    tell(
        session,
        post.author_id,
        FOLDED,
        now,
        link=f"/folds/{fold.id}/appeal",
        about=f"fold:{fold.id}",
        title=_title(session, post.topic_id),
        reason=_in_every_language(reason.label, reason.sentence),
        sentence=fold.sentence,
        by=by.name,
        readable=reason.readable,
    )


def tell_of_restoring(
    session: Session, fold: Fold, post: Post, by: Person, sentence: str, now: datetime
) -> None:
    """Tell the author that the words are back."""
    tell(
        session,
        post.author_id,
        RESTORED,
        now,
        link=f"/posts/{post.id}",
        about=f"fold:{fold.id}",
        title=_title(session, post.topic_id),
        by=by.name,
        sentence=sentence,
    )


def tell_of_appeal(
    session: Session, appeal: Appeal, fold: Fold, post: Post, by: Person, now: datetime
) -> None:
    """Tell everybody who may decide the appeal that it waits."""
    title = _title(session, post.topic_id)
    deciders = session.scalars(select(Member.id).where(Member.role.in_(("moderator", "owner"))))
    tellings = [
        Telling(each, f"/appeals/{appeal.id}", f"appeal:{appeal.id}", _called(title, by.name))
        for each in deciders
        if each not in (fold.by_id, post.author_id)
    ]
    tell_many(session, APPEAL_WAITS, tellings, now)


def tell_of_decision(
    session: Session, appeal: Appeal, post: Post, by: Person, now: datetime
) -> None:
    """Tell the author what became of the appeal, and why."""
    tell(
        session,
        appeal.by_id,
        APPEAL_DECIDED,
        now,
        link=f"/appeals/{appeal.id}",
        about=f"appeal:{appeal.id}",
        title=_title(session, post.topic_id),
        decision=appeal.decision,
        by=by.name,
        sentence=appeal.reason,
    )


def tell_of_report(
    session: Session, member_id: str, link: str, decision: str, sentence: str, now: datetime
) -> None:
    """Tell the member who reported something what came of it."""
    tell(session, member_id, REPORT_DECIDED, now, link=link, decision=decision, sentence=sentence)


def tell_of_broken_promise(session: Session, topic: Topic, club: str, now: datetime) -> None:
    """Tell the company's people that a topic waits longer than was promised."""
    staff = session.scalars(select(Member.id).where(Member.role.in_(STAFF_ROLES)))
    params = {"title": topic.title, "club": club}
    link, about = f"/topics/{topic.id}", f"topic:{topic.id}"
    tell_many(session, PROMISE_BROKEN, [Telling(each, link, about, params) for each in staff], now)


def _tell_all(
    session: Session,
    notice: Notice,
    member_ids: Collection[str],
    topic: Topic,
    post: Post,
    by: Person,
    now: datetime,
) -> None:
    params = {"title": topic.title, "name": by.name, "number": post.number}
    link = f"/posts/{post.id}/place"
    tell_many(
        session,
        notice,
        [Telling(each, link, f"topic:{topic.id}", params) for each in sorted(member_ids)],
        now,
    )


def _members_called(session: Session, body: str) -> set[str]:
    handles = mentions(body)
    if not handles:
        return set()
    return set(session.scalars(select(Member.id).where(func.lower(Member.handle).in_(handles))))


def _watching(session: Session, topic_id: str) -> set[str]:
    return set(
        session.scalars(
            select(Watch.member_id).where(Watch.topic_id == topic_id, Watch.stopped_at.is_(None))
        )
    )


def _title(session: Session, topic_id: str) -> str:
    return session.scalars(select(Topic.title).where(Topic.id == topic_id)).one()


def _called(title: str, name: str) -> dict[str, str]:
    return {"title": title, "name": name}


def _in_every_language(*parts: object) -> dict[str, str]:
    return {code: _said(code, parts) for code in words.LANGUAGES}


def _said(code: str, parts: Iterable[object]) -> str:
    with words.use_language(code):
        return " — ".join(str(part) for part in parts)
