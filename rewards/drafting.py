"""The draft: one at a time, started from the programme in force, changed until it is published."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from foundation import pictures
from foundation.once import insert_once
from foundation.refusal import Refused
from foundation.tables import new_id
from rewards import programme, publishing
from rewards.catalogue import picturing
from rewards.first_programme import first_programme
from rewards.locking import lock_programme
from rewards.models import ProgrammeDraft
from rewards.programme import Draft, Version
from rewards.publishing import refuse_objections
from rewards.rules import Programme


def start(session: Session, owner_id: str, now: datetime, currency: str = "USD") -> Draft:
    """A draft that says what the programme in force says, before there is one what is proposed in
    `currency`; the present draft when there is one."""
    version = programme.latest(session)
    rules = version.rules if version else first_programme(currency)
    row = {
        "id": new_id(now),
        "lane": 1,
        "based_on": version.number if version else 0,
        "rules": rules.model_dump(mode="json"),
        "note": "",
        "revision": 1,
        "created_by": owner_id,
        "created_at": now,
        "changed_by": owner_id,
        "changed_at": now,
    }
    insert_once(session, ProgrammeDraft, row)
    return needed(session)


def change(
    session: Session, owner_id: str, rules: Programme, note: str, revision: str, now: datetime
) -> Draft:
    """Let the draft say `rules`. `revision` is the one the owner was looking at; the same again,
    as two presses of a button send it, changes nothing.

    Refused when a rule objects (with the field at fault) or somebody changed the draft meanwhile.
    """
    refuse_objections(rules)
    before, document = needed(session), rules.model_dump(mode="json")
    if before.revision == programme.revision_of(document, note.strip()):
        return before
    pictures.ask_for(session, picturing.named_by(rules), now)
    changed = (
        before.revision == revision
        and session.execute(
            update(ProgrammeDraft)
            .where(ProgrammeDraft.id == before.id, ProgrammeDraft.revision == before.turn)
            .values(
                rules=document,
                note=note.strip(),
                revision=before.turn + 1,
                changed_by=owner_id,
                changed_at=now,
            )
            .returning(ProgrammeDraft.id)
            .execution_options(synchronize_session=False)
        ).first()
    )
    if not changed:
        raise Refused(
            "Somebody changed this draft while you were editing it. Open it in another tab, and"
            " carry over what you want to keep.",
            code="draft_changed",
            status=409,
        )
    session.expire_all()
    return needed(session)


def discard(session: Session) -> None:
    """Throw the draft away; harmless when there is none."""
    session.execute(delete(ProgrammeDraft))


def needed(session: Session) -> Draft:
    """The draft; Refused when there is none."""
    draft = programme.draft(session)
    if draft is None:
        raise Refused(
            "There is no draft. Start one from the programme in force.",
            code="no_draft",
            status=404,
        )
    return draft


def publish(session: Session, owner_id: str, revision: str, now: datetime) -> Version:
    """Publish the draft the owner looked at; once it is published, the version it became.

    Refused when it was changed since, and for what `publishing.publish` refuses.
    """
    lock_programme(session)  # who comes second in one instant finds it published
    draft = programme.draft(session)
    if draft is not None and draft.revision == revision:
        return publishing.publish(session, owner_id, draft, now)
    done = programme.saying(session, revision)
    if done is not None:
        return done
    needed(session)
    raise Refused(
        "The draft was changed since you opened this page. Read once more what it changes,"
        " then publish it.",
        code="draft_changed",
        status=409,
    )
