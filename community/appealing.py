"""Appeals: for six months the author may ask for a second opinion, by somebody else."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import moderation, notices, rules
from community.models import Appeal, Post
from community.record import put_on_record
from community.rules import Person
from foundation import facts, versions
from foundation.once import insert_once
from foundation.refusal import Refused
from foundation.tables import new_id

Decision = Literal["granted", "refused"]


def appeal(session: Session, by: Person, fold_id: str, text: str, now: datetime) -> Appeal:
    """Ask for a second opinion on the fold of one's own post, once, within six months."""
    text = rules.words_of(text, rules.SENTENCE_LENGTH * 4, "text")
    found = moderation.locked_fold(session, fold_id)
    post = session.get_one(Post, found.post_id)
    if post.author_id != by.id:
        raise Refused("Only the author of a post can appeal.", code="not_yours", status=403)
    if found.restored_at is not None:
        raise Refused("This post was restored already.", code="restored")
    rules.refuse_late_appeal(found.at, now)
    values = {"id": new_id(now), "fold_id": fold_id, "by_id": by.id, "text": text, "at": now}
    if not insert_once(session, Appeal, values):
        raise Refused("You appealed already. You will hear from us.", code="appealed")
    lodged = session.get_one(Appeal, values["id"])
    notices.tell_of_appeal(session, lodged, found, post, by, now)
    facts.record(
        session, "appeal.lodged", by.id, f"appeal:{lodged.id}", now, fold=fold_id, post=post.id
    )
    return lodged


def decide(
    session: Session, by: Person, appeal_id: str, decision: Decision, reason: str, now: datetime
) -> Appeal:
    """Grant (the post is restored) or refuse, with a reason that is public.

    Refused for who folded, and for the author.
    """
    reason = rules.words_of(reason, rules.SENTENCE_LENGTH, "reason")
    if decision not in ("granted", "refused"):
        raise Refused("Grant the appeal or refuse it.", code="unknown_decision", field="decision")
    lodged = _open_appeal(session, appeal_id)
    found = moderation.locked_fold(session, lodged.fold_id)
    post = session.get_one(Post, found.post_id)
    _refuse_same_person(by, found.by_id, post.author_id)
    lodged.decided_at, lodged.decided_by_id = now, by.id
    lodged.decision, lodged.reason = decision, reason
    session.flush()
    if decision == "granted" and found.restored_at is None:
        moderation.lift(session, found, post, by, now)
    notices.tell_of_decision(session, lodged, post, by, now)
    facts.record(
        session, "appeal.decided", lodged.by_id, f"appeal:{lodged.id}", now, decision=decision
    )
    if decision == "granted":
        put_on_record(session, "post.restored", f"post:{post.id}", by, reason, now, found.reason)
    put_on_record(session, "appeal.decided", f"post:{post.id}", by, reason, now, found.reason)
    versions.touch(session, f"topic:{post.topic_id}")
    return lodged


def _open_appeal(session: Session, appeal_id: str) -> Appeal:
    lodged = session.scalar(select(Appeal).where(Appeal.id == appeal_id).with_for_update())
    if lodged is None:
        raise Refused("There is no such appeal.", code="no_appeal", status=404)
    if lodged.decided_at is not None:
        raise Refused("This appeal was decided already.", code="decided")
    return lodged


def _refuse_same_person(by: Person, folded_by: str, author: str) -> None:
    if by.id in (folded_by, author):
        raise Refused(
            "An appeal is decided by somebody else than who folded or wrote the post.",
            code="own_cause",
            status=403,
        )
