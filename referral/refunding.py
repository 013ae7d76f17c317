"""Refunding: an order given back in full before its release ends the referral; a part is noted.

What was earned already is taken back by the rewards, in proportion; a released referral stays
released, and shows what was given back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from foundation.facts import Fact
from referral import stepping
from referral.models import Referral


def hear(session: Session, heard: Sequence[Fact], now: datetime) -> None:
    """Note what was given back of friends' first orders."""
    given_back: dict[str, Fact] = {}
    for fact in heard:
        order = str(fact.details["order"])
        known = given_back.get(order)
        if known is None or fact.details["refunded_total"] > known.details["refunded_total"]:
            given_back[order] = fact
    for referral in _resting_on(session, list(given_back)):
        _note(session, referral, given_back[referral.order_id or ""], now)


def _resting_on(session: Session, orders: Sequence[str]) -> Iterable[Referral]:
    for start in range(0, len(orders), 500):
        chunk = orders[start : start + 500]
        yield from session.scalars(select(Referral).where(Referral.order_id.in_(chunk))).all()


def _note(session: Session, referral: Referral, refund: Fact, now: datetime) -> None:
    so_far, total = int(refund.details["refunded_total"]), int(refund.details["total"])
    session.execute(
        update(Referral)
        .where(Referral.id == referral.id, Referral.refunded_total < so_far)
        .values(refunded_total=so_far)
        .execution_options(synchronize_session=False)
    )
    if so_far >= total:
        stepping.step(session, referral.id, "refunded", now)
