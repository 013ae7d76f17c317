"""What the clubs show of a member on her public page."""

from __future__ import annotations

from community import queries
from community.rules import KINDS
from foundation.doors import reading
from members.page import Card


def topics(member_id: str) -> Card | None:
    """The topics she started last; None while there are none."""
    with reading() as session:
        rows = queries.started_by(session, member_id)
    return Card("community/started.html", {"topics": rows, "kinds": KINDS}) if rows else None
