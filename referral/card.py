"""The card about referrals on a member's own page."""

from __future__ import annotations

from foundation.doors import reading
from members.page import Card
from notifications import delivering
from referral import codes, promises, queries, sharing


def show(member_id: str) -> Card:
    """Who brought her, until she bought; her link and what came of it. A link is made on the page
    of referrals, not here."""
    with reading() as session:
        inviter = queries.waiting_for(session, member_id)
        promised = promises.promise(session, inviter.channel).friend if inviter else None
        code = codes.active(session, member_id)
        counts = queries.counts(session, member_id)
    link = sharing.link(delivering.sender().public_url, code.code) if code else None
    shown = {"link": link, "counts": counts, "inviter": inviter, "promised": promised}
    return Card("referral/card.html", shown)
