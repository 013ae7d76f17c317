"""The card about referrals on a member's own page."""

from __future__ import annotations

from foundation.doors import reading
from members.page import Card
from notifications import delivering
from referral import codes, queries, sharing


def show(member_id: str) -> Card:
    """Her link and what came of it; a link is made on the page of referrals, not here."""
    with reading() as session:
        code = codes.active(session, member_id)
        counts = queries.counts(session, member_id)
    link = sharing.link(delivering.sender().public_url, code.code) if code else None
    return Card("referral/card.html", {"link": link, "counts": counts})
