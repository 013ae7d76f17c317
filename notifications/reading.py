"""Reading what one was told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from foundation.paging import Page, read_page
from notifications import rendering
from notifications.models import Notification
from notifications.rendering import Words


@dataclass(frozen=True)
class Told:
    """One notification in words."""

    id: str
    category: str
    words: Words
    created_at: datetime
    is_unread: bool


def page(
    session: Session,
    member_id: str,
    cursor: str | None,
    *,
    name: str,
    site_name: str,
    size: int = 20,
) -> Page[Told]:
    """What a member was told, newest first, in the current language."""
    statement: Any = select(
        Notification.id,
        Notification.kind,
        Notification.category,
        Notification.params,
        Notification.created_at,
        Notification.read_at,
    ).where(Notification.member_id == member_id)

    def told(row: Notification) -> Told:
        words = rendering.words_of(
            row.kind, row.params, name=name, site_name=site_name, told_at=row.created_at
        )
        return Told(row.id, row.category, words, row.created_at, row.read_at is None)

    return read_page(
        session,
        statement,
        Notification.id,
        cursor=cursor,
        size=size,
        make=told,
        path="/notifications",
    )


def open_one(session: Session, member_id: str, notification_id: str, now: datetime) -> str | None:
    """Mark one of the member's notifications read; the path it leads to, None if it is not hers."""
    told = session.get(Notification, notification_id)
    if told is None or told.member_id != member_id:
        return None
    if told.read_at is None:
        told.read_at = now
        session.flush()
    return told.link


def read_all(session: Session, member_id: str, now: datetime) -> None:
    """Mark everything read that the member was told up to `now`."""
    session.execute(
        update(Notification)
        .where(Notification.member_id == member_id, Notification.read_at.is_(None))
        .values(read_at=now)
        .execution_options(synchronize_session=False)
    )
