"""Reports: somebody says that something here breaks a rule or the law; somebody answers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import moderation, notices, rules
from community.models import Post, Report, ReportDecision
from community.record import put_on_record
from community.rules import Person
from foundation.once import insert_once
from foundation.refusal import Refused
from foundation.tables import new_id

PLACE_LENGTH = 500
_POST = re.compile(r"/posts/([0-9a-z]{26})(?![0-9a-z])")
_TOPIC = re.compile(r"/topics/([0-9a-z]{26})(?![0-9a-z])(?:.*#post-(\d{1,9}))?")


@dataclass(frozen=True)
class ReportDraft:
    """What is said about a place of this site (its address), and by whom if they tell.

    The fields of the Digital Services Act, article 16(2): reasons, place, name and address, and a
    statement of good faith, without which `report` is refused.
    """

    place: str
    reason: str
    text: str
    in_good_faith: bool
    name: str = ""
    email: str = ""


def report(session: Session, reporter: Person | None, draft: ReportDraft, now: datetime) -> Report:
    """Take a report down; anybody may, signed in or not. Nothing is folded by a report alone."""
    if not draft.in_good_faith:
        raise Refused(
            "Confirm that you believe what you report to be true.",
            code="good_faith",
            field="in_good_faith",
        )
    place = rules.words_of(draft.place, PLACE_LENGTH, "place")
    made = Report(
        id=new_id(now),
        post_id=_post_at(session, place),
        place=place,
        reporter_id=reporter.id if reporter else None,
        reporter_name=draft.name.strip()[:200] or None,
        reporter_email=draft.email.strip()[:254] or None,
        reason=rules.reason_of(draft.reason).code,
        text=rules.words_of(draft.text, rules.SENTENCE_LENGTH * 4, "text"),
        at=now,
    )
    session.add(made)
    session.flush()
    return made


def decide(
    session: Session,
    by: Person,
    report_id: str,
    decision: Literal["folded", "kept"],
    sentence: str,
    now: datetime,
    *,
    reason: str = "",
) -> None:
    """Fold the reported post (for `reason`, or the reported one), or keep it, and say why.

    Refused for what one wrote oneself, and when it was decided already.
    """
    sentence = rules.words_of(sentence, rules.SENTENCE_LENGTH, "sentence")
    if decision not in ("folded", "kept"):
        raise Refused("Fold the post or keep it.", code="unknown_decision", field="decision")
    found = session.get(Report, report_id)
    if found is None:
        raise Refused("There is no such report.", code="no_report", status=404)
    rules.refuse_judge_in_own_cause(by, found.reporter_id)
    _settle(session, found, by, decision, sentence, now)
    if decision == "folded":
        _fold_reported(session, found, by, reason or found.reason, sentence, now)
    else:
        _keep_reported(session, found, by, sentence, now)
    _answer_reporter(session, found, decision, sentence, now)


def _settle(
    session: Session, found: Report, by: Person, decision: str, sentence: str, now: datetime
) -> None:
    values = {
        "report_id": found.id,
        "by_id": by.id,
        "decision": decision,
        "sentence": sentence,
        "at": now,
    }
    if not insert_once(session, ReportDecision, values):
        raise Refused("This report was decided already.", code="decided")


def _fold_reported(
    session: Session, found: Report, by: Person, reason: str, sentence: str, now: datetime
) -> None:
    if found.post_id is None:
        raise Refused(
            "Only posts can be folded here. Open the place and act there.", code="not_a_post"
        )
    moderation.fold(session, by, found.post_id, reason, sentence, now)


def _keep_reported(
    session: Session, found: Report, by: Person, sentence: str, now: datetime
) -> None:
    if found.post_id is None:
        return
    post = session.get_one(Post, found.post_id)
    rules.refuse_judge_in_own_cause(by, post.author_id)
    put_on_record(session, "report.kept", f"post:{post.id}", by, sentence, now, found.reason)


def _answer_reporter(
    session: Session, found: Report, decision: str, sentence: str, now: datetime
) -> None:
    if found.reporter_id:
        link = f"/posts/{found.post_id}" if found.post_id else "/moderation"
        notices.tell_of_report(session, found.reporter_id, link, decision, sentence, now)


def _post_at(session: Session, place: str) -> str | None:
    """The post that an address leads to: its own page, or its place in a topic."""
    if match := _POST.search(place):
        return session.scalar(select(Post.id).where(Post.id == match[1]))
    if match := _TOPIC.search(place):
        return session.scalar(
            select(Post.id).where(Post.topic_id == match[1], Post.number == int(match[2] or 1))
        )
    return None
