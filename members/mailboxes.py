"""Mailboxes: who read each first, so that two accounts of one mailbox are known to be one person's.

Addresses that differ by a +tag, or by dots where the provider ignores them, lead to one mailbox
(`addresses.mailbox`). Nobody is kept from a second account; what is for new people only asks.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.once import insert_once
from members import addresses
from members.models import Mailbox


def take(session: Session, member_id: str, email: str, now: datetime) -> str | None:
    """Keep that a member has proven to read `email`; who proved it of its mailbox before her.

    A mailbox stays with who was first, also when she moves to another address.
    """
    mailbox = addresses.mailbox(email)
    insert_once(session, Mailbox, {"mailbox": mailbox, "member_id": member_id, "at": now})
    first = session.scalars(select(Mailbox.member_id).where(Mailbox.mailbox == mailbox)).one()
    return None if first == member_id else first
