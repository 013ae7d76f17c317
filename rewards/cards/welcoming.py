"""Welcome vouchers: once per member ever, when her address is confirmed or she has bought so often.

Nobody gets one before the address is confirmed, and none of two accounts of one mailbox but the
first; so a second one needs a second mailbox. Whoever bought before she signed up has her orders
counted then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation.facts import Fact
from rewards import programme
from rewards.cards import notices
from rewards.cards.newcomers import KINDS, SAME_MAILBOX, welcomed
from rewards.earning import happened
from rewards.happenings import Happened
from rewards.locking import lock_members
from rewards.programme import Version
from rewards.tallies import CHUNK
from rewards.vouchers import giving
from rewards.vouchers.giving import Gift


def hear(session: Session, heard: Sequence[Fact], now: datetime) -> None:
    """Give what the programme of its day promises to whom each fact makes welcome."""
    wanted = [happened(fact) for fact in heard if fact.kind in KINDS]
    dated = programme.timeline(session) if wanted else []
    by_version: dict[int, list[Happened]] = {}
    for fact in wanted:
        number = programme.in_force(dated, fact.at)
        if number is not None:
            by_version.setdefault(number, []).append(fact)
    for number, facts in sorted(by_version.items()):
        version = programme.version(session, number)
        assert version is not None
        if version.rules.welcome:
            _give_all(session, version, facts, now)


def _give_all(session: Session, version: Version, facts: list[Happened], now: datetime) -> None:
    proven = _proven(session, facts)
    second = _with(session, SAME_MAILBOX, _asked(facts))
    gifts: list[Gift] = []
    for fact in facts:
        for member_id, voucher in welcomed(
            version.rules,
            fact,
            proven.__contains__,
            second.__contains__,
            lambda who: _bought(session, who),
        ):
            item = version.rules.item(voucher.voucher)
            assert item is not None  # a version without it is not published
            gift = Gift(
                member_id=member_id,
                key=voucher.rule,
                about=voucher.rule,
                by=voucher.rule,
                version=version.number,
                item=item,
                at=fact.at,
                valid_days=voucher.valid_days,
                order_min=voucher.order_min,
                said={"name": voucher.name},
            )
            gifts.append(gift)
    lock_members(session, (gift.member_id for gift in gifts))
    giving.give(session, gifts, notices.WELCOME, now)


def _proven(session: Session, facts: Iterable[Happened]) -> set[str]:
    """Who of those who paid has confirmed her address."""
    paid = {str(fact.member_id) for fact in facts if fact.kind == "order.paid"}
    return _with(session, "member.verified", paid)


def _asked(facts: Iterable[Happened]) -> set[str]:
    """Whom the facts could make welcome."""
    return {str(fact.details.get("friend") or fact.member_id) for fact in facts}


def _with(session: Session, kind: str, members: Iterable[str]) -> set[str]:
    """Who of them has a fact of this kind."""
    wanted, found = sorted(members), set[str]()
    for start in range(0, len(wanted), CHUNK):
        hers = (Fact.member_id.in_(wanted[start : start + CHUNK]), Fact.kind == kind)
        found.update(map(str, session.scalars(select(Fact.member_id).where(*hers))))
    return found


def _bought(session: Session, member_id: str) -> int:
    paid = (Fact.member_id == member_id, Fact.kind == "order.paid")
    return session.scalar(select(func.count()).where(*paid)) or 0
