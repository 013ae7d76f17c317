"""Publishing: the draft becomes the next version, for good and on the record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from foundation import facts, figures, money, pictures, versions
from foundation.facts import Fact
from foundation.once import insert_once
from foundation.refusal import Refused
from foundation.tables import new_id
from ledger import accounts
from rewards import glance, programme
from rewards.catalogue import picturing
from rewards.first_programme import first_programme
from rewards.locking import lock_programme
from rewards.models import ProgrammeDraft, ProgrammeVersion
from rewards.programme import Draft, Version
from rewards.rules import Programme, objections
from rewards.standing import keeping as standing
from rewards.topups import showing
from transparency import log


def publish(session: Session, owner_id: str, draft: Draft, now: datetime) -> Version:
    """Put `draft` in force from now on; the version before it is superseded.

    Refused when a rule objects, when nothing would change, or when another version was published
    since the draft was started.
    """
    lock_programme(session)
    newest = programme.latest(session)
    number = newest.number if newest else 0
    if draft.based_on != number:
        raise Refused(
            "Version %(number)s was published since this draft was started. Discard the draft"
            " and start from that version.",
            code="draft_outdated",
            status=409,
            number=number,
        )
    if newest is not None and newest.rules == draft.rules:
        raise Refused(
            "This draft says the same as the programme in force. Change something first.",
            code="nothing_changed",
        )
    session.execute(delete(ProgrammeDraft).where(ProgrammeDraft.id == draft.id))
    return _put_in_force(session, number + 1, draft.rules, draft.note, owner_id, now)


def publish_first(
    session: Session, owner_id: str | None, now: datetime, rules: Programme | None = None
) -> Version:
    """Version 1, by default the one the house proposes; once there is a version, that one.

    Refused while there is a draft: its owner meant to publish that.
    """
    lock_programme(session)
    known = programme.latest(session)
    if known is not None:
        return known
    if programme.draft(session) is not None:
        raise Refused(
            "There is a draft already. Publish it, or discard it first.",
            code="draft_waits",
            status=409,
        )
    return _put_in_force(session, 1, rules or first_programme(), "", owner_id, now)


def _put_in_force(
    session: Session, number: int, rules: Programme, note: str, owner_id: str | None, now: datetime
) -> Version:
    refuse_objections(rules)
    now = _after_what_was_heard(session, now)
    pictures.ask_for(session, picturing.named_by(rules), now)
    before = programme.latest(session)
    document = rules.model_dump(mode="json")
    version_id = new_id(now)
    row = {
        "id": version_id,
        "number": number,
        "rules": document,
        "note": note,
        "created_by": owner_id,
        "created_at": now,
        "published_by": owner_id,
        "published_at": now,
    }
    if not insert_once(session, ProgrammeVersion, row):
        raise Refused(
            "Somebody else has just published version %(number)s.",
            code="published_meanwhile",
            status=409,
            number=number,
        )
    if any(rule.commodity == "money" for rule in rules.paying):
        accounts.define(session, rules.currency, money.exponent(rules.currency))
    standing.enter(session, before, rules, now)
    figures.forget(session, glance.FIGURES, now)
    facts.record(
        session, "programme.published", owner_id, f"programme:{number}", now, number=number
    )
    log.append(
        session,
        event="programme.published",
        subject=f"programme:{number}",
        content=content_of(number, document, note),
        now=now,
        author_id=owner_id,
    )
    versions.touch(session, "programme", *showing.pages(before.rules if before else None, rules))
    return Version(version_id, number, rules, note, owner_id, now)


def _after_what_was_heard(session: Session, now: datetime) -> datetime:
    """`now`, or just after whatever was heard while we waited: that was given by the version before
    and belongs to its time."""
    last = session.scalar(select(func.max(Fact.at)).where(Fact.at >= now))
    return last + timedelta(microseconds=1) if last is not None else now


def refuse_objections(rules: Programme) -> None:
    """Refused with the first thing that is wrong with `rules`, at its field."""
    for objection in objections(rules):
        raise Refused(
            objection.sentence, code="programme", field=objection.field, **objection.params
        )


def served(session: Session, subjects: Sequence[str]) -> dict[str, dict[str, Any] | None]:
    """What the site shows of each published version today, for the log's auditor."""
    numbers = {
        int(subject.removeprefix("programme:"))
        for subject in subjects
        if subject.removeprefix("programme:").isdecimal()
    }
    rows = session.scalars(select(ProgrammeVersion).where(ProgrammeVersion.number.in_(numbers)))
    return {f"programme:{row.number}": content_of(row.number, row.rules, row.note) for row in rows}


def content_of(number: int, rules: dict[str, Any], note: str) -> dict[str, Any]:
    """What the log commits to when a version is published."""
    return {"number": number, "rules": rules, "note": note}
