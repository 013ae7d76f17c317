"""The newest notifications on a member's own page."""

from __future__ import annotations

from foundation.doors import reading as reading_door
from members import queries
from members.page import Card
from notifications import delivering, reading

#: More than these are on /notifications.
SHOWN = 4


def show(member_id: str) -> Card | None:
    """The last things a member was told; None when there was nothing yet."""
    with reading_door() as session:
        name = queries.own(session, member_id).name
        newest = reading.page(
            session, member_id, None, name=name, site_name=delivering.sender().site_name, size=SHOWN
        )
    return Card("notifications/card.html", {"told": newest.rows}) if newest.rows else None
