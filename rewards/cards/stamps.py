"""The rows of cards and stamps: read into a collection, and written from what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from foundation.facts import Fact
from foundation.tables import new_id
from rewards import programme
from rewards.cards.collecting import Collection, Lost, Stamped, basis_of
from rewards.cards.models import MemberCard, Stamp
from rewards.cards.rules import Held, is_lost
from rewards.happenings import month_of, order_reference
from rewards.rules import Programme
from rewards.tallies import CHUNK

Row = dict[str, Any]


def running(session: Session, member_ids: Sequence[str]) -> set[int]:
    """The versions of these members' cards that are not full; empty without such a card."""
    found: set[int] = set()
    for chunk in _chunks(member_ids):
        theirs = (MemberCard.member_id.in_(chunk), MemberCard.filled_at.is_(None))
        found.update(session.scalars(select(MemberCard.version).where(*theirs).distinct()))
    return found


def collection(
    session: Session, member_ids: Sequence[str], programmes: Mapping[int, Programme]
) -> Collection:
    """All cards of these members, with the versions they keep the terms of."""
    cards: list[MemberCard] = []
    stamps: dict[str, dict[str, datetime]] = {}
    for chunk in _chunks(member_ids):
        query = select(MemberCard).where(MemberCard.member_id.in_(chunk))
        cards.extend(session.scalars(query.order_by(MemberCard.number, MemberCard.id)))
        rows = select(Stamp.card_id, Stamp.subject, Stamp.at).where(
            Stamp.member_id.in_(chunk), Stamp.taken_back_at.is_(None)
        )
        for card_id, subject, at in session.execute(rows):
            stamps.setdefault(card_id, {})[subject] = at
    known = dict(programmes) | versions(session, {each.version for each in cards} - {*programmes})
    return Collection(known, (held(each, known, stamps.get(each.id, {})) for each in cards))


def held(
    card: MemberCard, programmes: Mapping[int, Programme], stamps: dict[str, datetime]
) -> Held:
    """A card's row and stamps as the rules see it."""
    terms = programmes[card.version].card(card.card)
    assert terms is not None  # a card is begun under a version that has it
    return Held(card.id, card.member_id, card.number, card.version, terms, stamps)


def versions(session: Session, numbers: Iterable[int]) -> dict[int, Programme]:
    """The programmes with these numbers."""
    known = programme.numbered(session, numbers)
    return {number: version.rules for number, version in known.items()}


def write(session: Session, stamped: Sequence[tuple[Stamped, Fact]], now: datetime) -> None:
    """Keep new stamps, the cards that began with them, and those that are full by them."""
    begun = [_card_row(each, now) for each, _fact in stamped if each.is_first]
    if begun:
        session.execute(insert(MemberCard), begun)
    if stamped:
        session.execute(insert(Stamp), [_stamp_row(*each, now) for each in stamped])
    _set_filled(session, [each.card.id for each, _fact in stamped if each.fills], now)


def take_back(session: Session, lost: Sequence[tuple[Lost, Fact]], now: datetime) -> None:
    """Keep that refunds took stamps back; their cards are full no more."""
    for each, fact in lost:
        session.execute(
            update(Stamp)
            .where(Stamp.card_id == each.card.id, Stamp.subject == each.order)
            .values(taken_back_at=now, taken_back_by=fact.id)
        )
    _set_filled(session, [each.card.id for each, _fact in lost if each.was_full], None)


def _set_filled(session: Session, card_ids: Sequence[str], at: datetime | None) -> None:
    for chunk in _chunks(card_ids):
        session.execute(update(MemberCard).where(MemberCard.id.in_(chunk)).values(filled_at=at))


def _card_row(each: Stamped, now: datetime) -> Row:
    card = each.card
    return {
        "id": card.id,
        "member_id": card.member_id,
        "card": card.terms.key,
        "number": card.number,
        "version": card.version,
        "begun_at": now,
        "filled_at": None,
    }


def _stamp_row(each: Stamped, fact: Fact, now: datetime) -> Row:
    return {
        "id": new_id(now),
        "card_id": each.card.id,
        "member_id": each.card.member_id,
        "card": each.card.terms.key,
        "subject": each.order,
        "fact_id": fact.id,
        "at": each.at,
        "given_at": now,
        "taken_back_at": None,
        "taken_back_by": None,
    }


# What refunds undo.


def touched(session: Session, refunds: Sequence[Fact]) -> tuple[set[str], set[str]]:
    """Whose cards the refunded orders are stamped on, and the months of all stamps on these: what
    the cards earned was earned in one of them. Asked before anything is locked."""
    members: set[str] = set()
    months: set[str] = set()
    for chunk in _chunks(sorted(map(_order, refunds))):
        cards = select(Stamp.card_id).where(Stamp.subject.in_(chunk), Stamp.taken_back_at.is_(None))
        stamps = select(Stamp.member_id, Stamp.at).where(Stamp.card_id.in_(cards))
        for member_id, at in session.execute(stamps):
            members.add(member_id)
            months.add(month_of(at))
    return members, months


def full_cards_losing(session: Session, refunds: Sequence[Fact]) -> dict[str, list[str]]:
    """What rests on full cards that lose a stamp by refunds: "card:<id>", by the refund's fact.

    Asked before anything is locked; `keeping` looks again when the members are its own.
    """
    full: dict[str, list[MemberCard]] = {}
    for chunk in _chunks(sorted(map(_order, refunds))):
        rows = session.execute(
            select(Stamp.subject, MemberCard)
            .join(MemberCard, MemberCard.id == Stamp.card_id)
            .where(
                Stamp.subject.in_(chunk),
                Stamp.taken_back_at.is_(None),
                MemberCard.filled_at.is_not(None),
            )
        )
        for subject, card in rows:
            full.setdefault(subject, []).append(card)
    known = versions(session, {card.version for cards in full.values() for card in cards})
    return {
        fact.id: [basis_of(c.id) for c in full.get(_order(fact), ()) if _is_lost(c, known, fact)]
        for fact in refunds
    }


def _is_lost(card: MemberCard, programmes: Mapping[int, Programme], fact: Fact) -> bool:
    terms = held(card, programmes, {}).terms
    return is_lost(terms, int(fact.details["refunded_total"]), int(fact.details["total"]))


def _order(fact: Fact) -> str:
    return order_reference(str(fact.details["order"]))


def _chunks(names: Sequence[str]) -> Iterable[Sequence[str]]:
    return (names[start : start + CHUNK] for start in range(0, len(names), CHUNK))
