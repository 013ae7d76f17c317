"""Telling members that the time of a card will end with stamps missing: once for each card.

Until when a card runs follows from its stamps, so nothing keeps that day. A card that ends within
AHEAD has its first stamp in a window as wide, so many days ago as its terms say; whose stamps fall
there is read whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.doors import reading, writing
from foundation.jobs import Job, Summary
from foundation.words import lazy
from notifications.telling import Telling, tell_once
from rewards.cards import notices, stamps
from rewards.cards.collecting import basis_of
from rewards.cards.models import MemberCard, Stamp
from rewards.cards.rules import Held, end_of
from rewards.expiring import AHEAD, PAGE
from rewards.rules import Programme


def tell_soon(now: datetime) -> str:
    """Tell of cards that have stamps, are not full, and end within AHEAD."""
    with reading() as session:
        tellings = [_telling(card) for card in _ending(session, now)]
    told = 0
    for start in range(0, len(tellings), PAGE):
        with writing() as session:
            told += len(tell_once(session, notices.ENDING, tellings[start : start + PAGE], now))
    return Summary("Told that cards end: %(count)s", count=told)


def _ending(session: Session, now: datetime) -> Iterator[Held]:
    begun = select(MemberCard.version).where(MemberCard.filled_at.is_(None)).distinct()
    programmes = stamps.versions(session, session.scalars(begun))
    terms = {(card.key, card.days) for rules in programmes.values() for card in rules.cards}
    for key, days in sorted(terms):
        first = now - timedelta(days=days + 1)
        ids = _touched(session, key, first, now + AHEAD - timedelta(days=days))
        for start in range(0, len(ids), PAGE):
            for card in _held(session, ids[start : start + PAGE], programmes):
                if card.terms.days == days and _ends(card, now):
                    yield card


def _ends(card: Held, now: datetime) -> bool:
    if not card.is_running(now):
        return False
    return end_of(min(card.stamps.values()), card.terms.days) < now + AHEAD


def _touched(session: Session, key: str, since: datetime, until: datetime) -> list[str]:
    """Cards of a kind that are not full and have a stamp of that time."""
    query = (
        select(MemberCard.id)
        .join(Stamp, Stamp.card_id == MemberCard.id)
        .where(
            MemberCard.card == key,
            MemberCard.filled_at.is_(None),
            Stamp.at.between(since, until),
            Stamp.taken_back_at.is_(None),
        )
        .distinct()
        .order_by(MemberCard.id)
    )
    return list(session.scalars(query))


def _held(session: Session, ids: list[str], programmes: Mapping[int, Programme]) -> Iterator[Held]:
    given: dict[str, dict[str, datetime]] = {}
    rows = select(Stamp.card_id, Stamp.subject, Stamp.at).where(
        Stamp.card_id.in_(ids), Stamp.taken_back_at.is_(None)
    )
    for card_id, subject, at in session.execute(rows):
        given.setdefault(card_id, {})[subject] = at
    for card in session.scalars(select(MemberCard).where(MemberCard.id.in_(ids))):
        yield stamps.held(card, programmes, given.get(card.id, {}))


def _telling(card: Held) -> Telling:
    assert card.last_day is not None  # it has stamps
    params = {
        "card": card.terms.name,
        "stamps": len(card.stamps),
        "orders": card.terms.orders,
        "missing": card.terms.orders - len(card.stamps),
        "last_day": card.last_day.isoformat(),
    }
    return Telling(card.member_id, f"/me/cards#{card.id}", basis_of(card.id), params)


JOB = Job(
    "rewards.cards_ending",
    timedelta(hours=12),
    tell_soon,
    lazy("Tell of stamp cards that end"),
)
