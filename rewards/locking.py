"""Who changes what members were given waits for whoever else does, in one order for everybody.

The order, which keeps any two of them from waiting for each other: the programme (here), the
counters of budgets (`budgets/committing.py`), members (here), their grants, then whatever is a
member's own: cards, vouchers, balances, standing, referrals; then what everybody counts, as the
stages do. One fact leads to others, about other members. So who hears it first (app.py) locks all
at once that whoever hears of it, and of what follows, will need (`lock_first`). Who needs to know
whose something is before that only looks, and looks again once it is locked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from members.models import Member
from rewards import programme
from rewards.budgets import committing
from rewards.tallies import CHUNK

ALONE = text("select pg_advisory_xact_lock(hashtext('programme_version'))")
TOGETHER = text("select pg_advisory_xact_lock_shared(hashtext('programme_version'))")
BEFORE, AGAIN, LOCKED = map(
    text, ("savepoint looked", "rollback to savepoint looked", "release savepoint looked")
)


def keep_programme(session: Session) -> None:
    """No version is published until this transaction ends: whoever hears a fact gives by the
    version of its day, and would not see one that is being published. SQLite has one writer."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(TOGETHER)


def lock_programme(session: Session) -> None:
    """Wait for whoever gives by the programme as it is, and let nobody else begin."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(ALONE)


def lock_first(
    session: Session, moments: Iterable[datetime], look: Callable[[], Iterable[str]]
) -> None:
    """Lock whatever may follow from what happened at `moments`, before anything of it does.

    `look` finds the members it may concern. Somebody may bring another one while we wait, and who
    locked her late would wait for whoever locked both in their order: so all are let go, and looked
    for again. Before the first programme nothing follows; SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    keep_programme(session)
    dated = programme.timeline(session)
    if all(programme.in_force(dated, at) is None for at in moments):
        return
    committing.queue(session)
    session.flush()  # nothing is let go but locks
    while True:
        session.execute(BEFORE)
        found = set(look())
        lock_members(session, found)
        if found.issuperset(look()):
            session.execute(LOCKED)
            return
        session.execute(AGAIN)


def lock_members(session: Session, member_ids: Iterable[str]) -> None:
    """Make whoever rewards the same members wait, before any balance is locked.

    In one order, so that batches of several members never deadlock, in whichever order they touch
    these members' balances afterwards; SQLite has one writer anyway.
    """
    ids = sorted(set(member_ids))
    for start in range(0, len(ids), CHUNK):
        session.execute(
            select(Member.id)
            .where(Member.id.in_(ids[start : start + CHUNK]))
            .order_by(Member.id)
            .with_for_update(key_share=True)
        ).all()
