"""Telling: a row to read on the site and, where she wants it, a letter; in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from foundation import outbox
from foundation.tables import new_id
from members import consents
from members.models import Member
from notifications.models import Notification
from notifications.notices import Notice


@dataclass(frozen=True)
class Telling:
    """What one member is told. `link` is a path on this site; params are JSON values."""

    member_id: str
    link: str
    about: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


def tell(
    session: Session,
    member_id: str,
    notice: Notice,
    now: datetime,
    *,
    link: str,
    about: str | None = None,
    **params: Any,
) -> str:
    """Tell one member; the notification's identifier.

    A letter goes out too if the notice's category is transactional or she agreed to it.
    """
    return tell_many(session, notice, [Telling(member_id, link, about, params)], now)[0]


def tell_many(
    session: Session, notice: Notice, tellings: Sequence[Telling], now: datetime
) -> list[str]:
    """Tell many members in a few statements; the notifications' identifiers in their order."""
    if not tellings:
        return []
    rows = [_row(notice, telling, now) for telling in tellings]
    session.execute(insert(Notification), rows)
    reachable = _with_address(
        session,
        consents.allowing(session, (each.member_id for each in tellings), notice.category),
    )
    letters = [{"notification": row["id"]} for row in rows if row["member_id"] in reachable]
    outbox.put_many(session, "mail", letters, now)
    return [str(row["id"]) for row in rows]


def tell_once(
    session: Session, notice: Notice, tellings: Sequence[Telling], now: datetime
) -> list[str]:
    """Tell whoever was never told this of the same thing (`about`); the new notifications."""
    members, known = sorted({each.member_id for each in tellings}), set[tuple[str, str | None]]()
    for start in range(0, len(members), 500):
        told = select(Notification.member_id, Notification.about).where(
            Notification.member_id.in_(members[start : start + 500]),
            Notification.kind == notice.kind,
        )
        known.update((member_id, about) for member_id, about in session.execute(told))
    fresh = [each for each in tellings if (each.member_id, each.about) not in known]
    return tell_many(session, notice, fresh, now)


def _row(notice: Notice, telling: Telling, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(now),
        "member_id": telling.member_id,
        "kind": notice.kind,
        "category": notice.category,
        "params": dict(telling.params),
        "link": telling.link,
        "about": telling.about,
        "created_at": now,
        "read_at": None,
    }


def _with_address(session: Session, member_ids: set[str]) -> set[str]:
    wanted = sorted(member_ids)
    found: set[str] = set()
    for start in range(0, len(wanted), 500):
        chunk = wanted[start : start + 500]
        found.update(
            session.scalars(
                select(Member.id).where(Member.id.in_(chunk), Member.email.is_not(None))
            )
        )
    return found
