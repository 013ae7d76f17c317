"""Expecting: who joins, or buys first, rewards somebody else too, whom the fact does not name.

So these facts are heard here first: both are locked at once, before either is rewarded or counted
anywhere (rewards/locking.py). One after the other, they would let two transactions wait for each
other for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.facts import Fact
from referral import attributing, purchasing
from referral.models import Code
from rewards.locking import lock_first


def newcomers(session: Session, heard: Sequence[Fact], now: datetime) -> None:
    """Lock whoever joins and the owner of the link she followed: a referral that begins brings in
    orders she paid before."""
    lock_first(session, [now], lambda: _joining(session, heard))


def purchases(session: Session, heard: Sequence[Fact], now: datetime) -> None:
    """Lock the buyers of paid orders, and who brought them."""
    buyers = {fact.member_id for fact in heard if fact.member_id is not None}
    _lock_buyers(session, sorted(buyers), (fact.at for fact in heard))


def changes(session: Session, buyers: Sequence[str], now: datetime) -> None:
    """The same for buyers of whom something is learned, before it is written and their orders are
    told of."""
    _lock_buyers(session, buyers, [now])


def _joining(session: Session, heard: Sequence[Fact]) -> set[str]:
    members = {fact.member_id for fact in heard if fact.member_id is not None}
    codes = {touch.code for _joined, touch in attributing.followed(session, heard)}
    owners = select(Code.member_id).where(Code.code.in_(codes))
    return members.union(session.scalars(owners)) if codes else members


def _lock_buyers(session: Session, buyers: Sequence[str], moments: Iterable[datetime]) -> None:
    def look() -> set[str]:
        leads = purchasing.leads(session, buyers)
        return {*buyers, *(lead.referrer_id for lead in leads)}

    lock_first(session, moments, look)
