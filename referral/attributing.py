"""Attributing: whoever joins within the window after a click was brought by the link's owner.

It counts from the moment the friend's address is proven, with the cookie of her sign-up. Before
that, anybody could sign up the address of somebody else and be rewarded when she buys.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from foundation import facts
from foundation.facts import Fact
from foundation.once import insert_once
from foundation.tables import new_id
from members import addresses
from members.models import Member
from notifications.telling import tell
from referral import notices, purchasing, stepping, touches
from referral.models import Code, Referral
from referral.touches import Touch

#: No chain of friends of friends is longer; following it only serves to find a loop.
LONGEST_CHAIN = 50


def hear(session: Session, heard: Sequence[Fact], now: datetime) -> None:
    """Begin a referral for each proven member whose sign-up came through a link that counts."""
    for joined, touch in followed(session, heard):
        attribute(session, str(joined.member_id), touch, joined.at, now)


def followed(session: Session, heard: Sequence[Fact]) -> Iterator[tuple[Fact, Touch]]:
    """How each of these members joined, and by which link."""
    for fact in heard:
        if fact.member_id is None:
            continue
        joined = session.scalars(
            select(Fact).where(Fact.kind == "member.joined", Fact.member_id == fact.member_id)
        ).first()
        if joined is None:
            continue
        # The window ends with the sign-up; how long the letter took does not matter.
        touch = touches.read(joined.details.get("referral_cookie"), joined.at)
        if touch is not None:
            yield joined, touch


def attribute(
    session: Session, friend_id: str, touch: Touch, joined_at: datetime, now: datetime
) -> str | None:
    """The referral of a friend who followed `touch`; None when nobody can be her referrer.

    It begins as a lead, or refused with the reason. A code revoked after the click still counts:
    the friend was on her way. Refused referrals are told to nobody but shown where they are listed.
    """
    code = session.get(Code, touch.code)
    if code is None or code.member_id == friend_id:
        return None
    reason = _objection(session, code.member_id, friend_id, touch.at)
    values = {
        "id": new_id(joined_at),
        "code": code.code,
        "referrer_id": code.member_id,
        "friend_id": friend_id,
        "channel": touch.channel,
        "clicked_at": touch.at,
        "joined_at": joined_at,
        "state": "refused" if reason else "lead",
        "refunded_total": 0,
    }
    if not insert_once(session, Referral, values):
        return None  # somebody else's friend already
    referral_id = str(values["id"])
    stepping.write(session, referral_id, str(values["state"]), joined_at, reason=reason)
    _tell(session, referral_id, code.member_id, friend_id, reason, now)
    if reason is None:
        _catch_up(session, friend_id, now)
    return referral_id


def _catch_up(session: Session, friend_id: str, now: datetime) -> None:
    """She may have bought between the sign-up and the letter that proves her address."""
    bought = session.scalars(
        select(Fact).where(Fact.member_id == friend_id, Fact.kind == "order.paid")
    ).all()
    if bought:
        purchasing.hear(session, bought, now)


def _tell(
    session: Session,
    referral_id: str,
    referrer_id: str,
    friend_id: str,
    reason: str | None,
    now: datetime,
) -> None:
    subject = f"referral:{referral_id}"
    if reason is not None:
        facts.record(
            session, "referral.refused", referrer_id, subject, now, friend=friend_id, reason=reason
        )
        return
    facts.record(session, "referral.lead", referrer_id, subject, now, friend=friend_id)
    friend = session.get_one(Member, friend_id)
    tell(
        session,
        referrer_id,
        notices.LEAD,
        now,
        link="/me/referrals",
        about=subject,
        friend=friend.name,
    )


def _objection(
    session: Session, referrer_id: str, friend_id: str, clicked_at: datetime
) -> str | None:
    """Why this is no friend brought by the referrer, or None."""
    referrer = session.get_one(Member, referrer_id)
    friend = session.get_one(Member, friend_id)
    if addresses.is_same_mailbox(referrer.email, friend.email):
        return "same_mailbox"
    if _closes_a_loop(session, referrer_id, friend_id):
        return "loop"
    return "not_new" if _had_bought(session, friend_id, clicked_at) else None


def _had_bought(session: Session, member_id: str, clicked_at: datetime) -> bool:
    paid = select(Fact.id).where(
        Fact.member_id == member_id, Fact.kind == "order.paid", Fact.at < clicked_at
    )
    return session.scalar(paid.limit(1)) is not None


def _closes_a_loop(session: Session, referrer_id: str, friend_id: str) -> bool:
    """Whether the friend brought the referrer, directly or through others."""
    first = select(Referral.referrer_id, literal(1).label("depth")).where(
        Referral.friend_id == referrer_id, Referral.state != "refused"
    )
    chain = first.cte("chain", recursive=True)
    chain = chain.union_all(
        select(Referral.referrer_id, chain.c.depth + 1).where(
            Referral.friend_id == chain.c.referrer_id,
            Referral.state != "refused",
            chain.c.depth < LONGEST_CHAIN,
        )
    )
    found = select(chain.c.depth).where(chain.c.referrer_id == friend_id).limit(1)
    return session.scalar(found) is not None
