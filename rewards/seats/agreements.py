"""The agreement behind a seat: a draft that owners edit, versions that never change again.

Each version is entered in the public log, by a hash that tells nothing of its text; who is invited
can show with it that she was not given another text than she accepted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from foundation import facts, markdown
from foundation.once import insert_once
from foundation.refusal import Refused
from foundation.tables import new_id
from rewards.seats.models import AgreementDraft, AgreementVersion
from transparency import log

BODY_LENGTH = 100_000
Leaving = Literal["settled", "lapses"]


def latest(session: Session) -> AgreementVersion | None:
    """The version that new invitations are made under."""
    return session.scalar(
        select(AgreementVersion).order_by(AgreementVersion.number.desc()).limit(1)
    )


def version(session: Session, number: int) -> AgreementVersion:
    """One version; Refused (404) when there is none."""
    found = session.scalar(select(AgreementVersion).where(AgreementVersion.number == number))
    if found is None:
        raise Refused("There is no such agreement.", code="no_agreement", status=404)
    return found


def draft(session: Session) -> AgreementDraft | None:
    """The draft of the next version, if somebody began one."""
    return session.scalar(select(AgreementDraft))


def change(
    session: Session,
    owner_id: str,
    body: Mapping[str, str],
    vested_when_leaving: Leaving,
    revision: int,
    now: datetime,
) -> None:
    """Let the draft say this; `revision` is the one the owner looked at, 0 for none yet.

    Refused without a text in English, or when somebody changed the draft meanwhile.
    """
    if not body.get("en", "").strip():
        raise Refused("Write the agreement in English too.", code="no_body", field="body_en")
    values: dict[str, Any] = {
        "body": dict(body),
        "vested_when_leaving": vested_when_leaving,
        "revision": revision + 1,
        "changed_by": owner_id,
        "changed_at": now,
    }
    if revision == 0:
        done = insert_once(session, AgreementDraft, {"id": new_id(now), "lane": 1, **values})
    else:
        changed = update(AgreementDraft).where(AgreementDraft.revision == revision)
        done = bool(session.scalar(changed.values(**values).returning(AgreementDraft.lane)))
    if not done:
        raise Refused(
            "Somebody changed this draft while you were editing it. Open it in another tab, and"
            " carry over what you want to keep.",
            code="draft_changed",
            status=409,
        )
    session.expire_all()


def publish(session: Session, owner_id: str, revision: int, now: datetime) -> AgreementVersion:
    """Make the draft the next version, for good. Who holds a seat keeps the version she accepted.

    Refused when the draft is gone or is not the one the owner read.
    """
    text = draft(session)
    if text is None or text.revision != revision:
        raise Refused(
            "The draft was changed since you opened this page. Read it once more, then publish it.",
            code="draft_changed",
            status=409,
        )
    before = latest(session)
    number = before.number + 1 if before else 1
    row = {
        "id": new_id(now),
        "number": number,
        "body": text.body,
        "body_html": {code: markdown.to_html(words) for code, words in text.body.items()},
        "vested_when_leaving": text.vested_when_leaving,
        "published_by": owner_id,
        "published_at": now,
    }
    if not insert_once(session, AgreementVersion, row):
        raise Refused(
            "Somebody else has just published a version of the agreement.",
            code="published_meanwhile",
            status=409,
        )
    session.execute(delete(AgreementDraft).where(AgreementDraft.revision == revision))
    facts.record(session, "agreement.published", owner_id, subject_of(number), now)
    made = version(session, number)
    log.append(
        session,
        event="agreement.published",
        subject=subject_of(number),
        content=content_of(made),
        now=now,
        author_id=owner_id,
    )
    return made


def subject_of(number: int) -> str:
    """What the log and the facts call a version."""
    return f"agreement:{number}"


def content_of(made: AgreementVersion) -> dict[str, Any]:
    """What the log commits to when a version is published: its words, and its word on units."""
    return {
        "number": made.number,
        "body": made.body,
        "vested_when_leaving": made.vested_when_leaving,
    }


def served(session: Session, subjects: Sequence[str]) -> dict[str, dict[str, Any] | None]:
    """What members read of each version today, for the log's auditor."""
    numbers = {
        int(subject.removeprefix("agreement:"))
        for subject in subjects
        if subject.removeprefix("agreement:").isdecimal()
    }
    rows = session.scalars(select(AgreementVersion).where(AgreementVersion.number.in_(numbers)))
    return {subject_of(row.number): content_of(row) for row in rows}
