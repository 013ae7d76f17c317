"""Opening clubs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from community.models import Club
from foundation import versions
from foundation.once import insert_once
from foundation.refusal import Refused
from foundation.tables import new_id


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
    """Open a club; its id. Refused when its address is taken."""
    values = {
        "id": new_id(now),
        "slug": draft.slug,
        "name": dict(draft.name),
        "description": dict(draft.description),
        "position": draft.position,
        "promise_hours": draft.promise_hours,
        "time_zone": draft.time_zone,
        "topics": 0,
        "created_at": now,
    }
    if not insert_once(session, Club, values):
        raise Refused("There is a club at this address already.", code="taken", field="slug")
    versions.touch(session, "clubs", f"club:{draft.slug}")
    return str(values["id"])
