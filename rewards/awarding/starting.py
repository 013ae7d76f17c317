"""A set gets its name; the same name with another file, reason or expiry is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import words
from foundation.once import insert_once
from foundation.refusal import Refused
from foundation.tables import new_id
from rewards.awarding.award_files import LONGEST_REASON, AwardFile, tidy
from rewards.awarding.models import AwardSet

LONGEST_NAME = 80
LONGEST_DAYS = 3_650
#: Whoever runs a set and said nothing for so long is taken for dead.
SILENCE = timedelta(minutes=2)


@dataclass(frozen=True)
class Terms:
    """What holds for a whole set; `by_id` is None for the command line."""

    name: str
    reason: str
    by_id: str | None = None
    is_told: bool = True
    expires_in_days: int | None = None


def clean(terms: Terms) -> Terms:
    """The terms with their blanks tidied; Refused when something is missing or too long."""
    name, reason = tidy(terms.name), tidy(terms.reason)
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Refused(
            "Give the set a name of 1 to %(most)s characters, so that it can be told from others.",
            code="name",
            field="name",
            most=LONGEST_NAME,
        )
    if not 1 <= len(reason) <= LONGEST_REASON:
        raise Refused(
            "Write a reason of 1 to %(most)s characters; members read it.",
            code="reason",
            field="reason",
            most=LONGEST_REASON,
        )
    days = terms.expires_in_days
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise Refused(
            "Points may expire after 1 to %(most)s days, or never.",
            code="expires_in_days",
            field="expires_in_days",
            most=LONGEST_DAYS,
        )
    return Terms(name, reason, terms.by_id, terms.is_told, days)


def start(
    session: Session,
    source: AwardFile,
    terms: Terms,
    state: str,
    now: datetime,
    *,
    file_name: str | None = None,
    checked: Mapping[str, Any] | None = None,
) -> AwardSet:
    """The set of this name, made now or found; Refused when it was another one.

    A set that was only looked at becomes this one; one whose giving stopped has its file again.
    """
    values = _values(source, terms, now) | {
        "state": state,
        "file_name": tidy(file_name or source.path.name)[:200],
        "checked": dict(checked or {}),
    }
    is_new = insert_once(session, AwardSet, values)
    found = session.scalars(
        select(AwardSet).where(AwardSet.name == terms.name).with_for_update()
    ).one()
    if is_new:
        return found
    if found.state == "checked":
        for name in values.keys() - {"id"}:
            setattr(found, name, values[name])
    same(found, source, terms)
    if found.state == "failed":
        found.ended_at, found.rejects_gone_at = now, None
        found.checked = values["checked"] or found.checked
    return found


def named(session: Session, source: AwardFile, terms: Terms) -> AwardSet | None:
    """The set of this name if somebody began to give it; Refused when it was another one."""
    found = session.scalars(
        select(AwardSet).where(AwardSet.name == terms.name, AwardSet.state != "checked")
    ).one_or_none()
    if found is not None:
        same(found, source, terms)
    return found


def same(found: AwardSet, source: AwardFile, terms: Terms) -> None:
    """Refused unless `found` is this very file with these terms, and still given."""
    if found.taken_at is not None:
        raise Refused(
            "“%(name)s” was taken back on %(day)s. Choose another name to give it again.",
            code="taken_back",
            field="name",
            name=found.name,
            day=words.when(found.taken_at),
        )
    if found.digest != source.digest:
        raise Refused(
            "“%(name)s” is the name of another file: %(file)s with %(rows)s rows and %(points)s"
            " points; this one has %(new_rows)s rows and %(new_points)s points. Choose another"
            " name for it.",
            code="another_file",
            field="name",
            status=409,
            name=found.name,
            file=found.file_name,
            rows=found.rows,
            points=found.points,
            new_rows=source.rows,
            new_points=source.points,
        )
    if found.reason != terms.reason:
        raise Refused(
            "“%(name)s” was begun with another reason: “%(reason)s”. Say the same, or choose"
            " another name.",
            code="another_reason",
            field="reason",
            status=409,
            name=found.name,
            reason=found.reason,
        )
    if found.expires_in_days != terms.expires_in_days:
        raise Refused(
            "“%(name)s” was begun with another number of days until the points expire"
            " (%(days)s). Say the same, or choose another name.",
            code="another_expiry",
            field="expires_in_days",
            status=409,
            name=found.name,
            days=found.expires_in_days or 0,
        )


def is_silent(found: AwardSet, now: datetime) -> bool:
    """Whether nobody seems to run it any more."""
    return found.seen_at < now - SILENCE


def _values(source: AwardFile, terms: Terms, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(now),
        "name": terms.name,
        "reason": terms.reason,
        "by_id": terms.by_id,
        "is_told": terms.is_told,
        "expires_in_days": terms.expires_in_days,
        "digest": source.digest,
        "rows": source.rows,
        "points": source.points,
        "at": now,
        "seen_at": now,
        "done": 0,
        "given": 0,
        "given_points": 0,
        "rejected": 0,
        "taken_done": 0,
        "taken_points": 0,
    }
