"""Opening clubs and changing them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy.orm import Session

from community.models import Club
from foundation import slugs, versions
from foundation.once import insert_once
from foundation.refusal import Refused
from foundation.tables import new_id

#: A promise of more business hours than half a year's is none.
LONGEST_PROMISE = 1_000
LAST_POSITION = 10_000


@dataclass(frozen=True)
class ClubDraft:
    """A club as the owner describes it; texts by language."""

    slug: str
    name: Mapping[str, str]
    description: Mapping[str, str]
    position: int = 0
    promise_hours: int | None = None  # business hours until the company answers
    time_zone: str = "UTC"


def open_club(session: Session, draft: ClubDraft, now: datetime) -> str:
    """Open a club; its id. Refused when its address is taken or a value is wrong."""
    slugs.check(draft.slug)
    _check(draft)
    values = {
        "id": new_id(now),
        "slug": draft.slug,
        "topics": 0,
        "created_at": now,
    } | _values(draft)
    if not insert_once(session, Club, values):
        raise Refused("There is a club at this address already.", code="taken", field="slug")
    versions.touch(session, "clubs", f"club:{draft.slug}")
    return str(values["id"])


def change(session: Session, club_id: str, draft: ClubDraft) -> None:
    """Replace everything but the address. Promises of topics that are there stay as they were.

    Refused when a value is wrong.
    """
    _check(draft)
    club = session.get_one(Club, club_id)
    for name, value in _values(draft).items():
        setattr(club, name, value)
    session.flush()
    versions.touch(session, "clubs", f"club:{club.slug}", "site")  # its topics name it too


def _check(draft: ClubDraft) -> None:
    if not draft.name.get("en"):
        raise Refused("Give the club an English name.", code="name", field="name")
    if not 0 <= draft.position <= LAST_POSITION:
        raise Refused(
            "The position is a number from 0 to %(last)s.",
            code="position",
            field="position",
            last=LAST_POSITION,
        )
    if draft.promise_hours is not None and not 1 <= draft.promise_hours <= LONGEST_PROMISE:
        raise Refused(
            "Promise 1 to %(longest)s business hours, or leave it empty to promise nothing.",
            code="promise_hours",
            field="promise_hours",
            longest=LONGEST_PROMISE,
        )
    if draft.time_zone not in available_timezones():
        raise Refused("There is no time zone of that name.", code="time_zone", field="time_zone")


def _values(draft: ClubDraft) -> dict[str, Any]:
    return {
        "name": dict(draft.name),
        "description": dict(draft.description),
        "position": draft.position,
        "promise_hours": draft.promise_hours,
        "time_zone": draft.time_zone,
    }
