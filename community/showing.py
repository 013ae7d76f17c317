"""What the clubs show elsewhere: of a member on her public page, and their names."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import queries
from community.models import Club
from community.rules import KINDS
from foundation.doors import reading
from members.page import Card


def topics(member_id: str) -> Card | None:
    """The topics she started last; None while there are none."""
    with reading() as session:
        rows = queries.started_by(session, member_id)
    return Card("community/started.html", {"topics": rows, "kinds": KINDS}) if rows else None


def clubs(session: Session) -> Sequence[tuple[str, dict[str, str]]]:
    """Address and name of every club, for rooms below that let an owner choose one."""
    rows = session.execute(select(Club.slug, Club.name).order_by(Club.position, Club.id))
    return [(slug, name) for slug, name in rows]
