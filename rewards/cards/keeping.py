"""Keeping cards: paid orders stamp them, full ones are rewarded, refunds take stamps back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import facts
from foundation.facts import Fact, FactDraft
from foundation.tables import new_id
from notifications.telling import tell
from rewards import clawing_back, programme
from rewards.budgets import committing
from rewards.cards import notices, stamps
from rewards.cards.collecting import Collection, Lost, Stamped, basis_of, filled, filled_subject
from rewards.earning import happened
from rewards.happenings import month_of
from rewards.locking import lock_members
from rewards.models import Grant, Voucher
from rewards.vouchers import codes


def hear(session: Session, heard: Sequence[Fact], now: datetime) -> None:
    """Stamp the cards of whoever paid, or take back the stamps of refunded orders."""
    paid = [each for each in heard if each.kind == "order.paid" and each.member_id is not None]
    refunds = [each for each in heard if each.kind == "order.refunded"]
    if paid:
        _stamp(session, paid, now)
    if refunds:
        _take_back(session, refunds, now)


def _stamp(session: Session, paid: Sequence[Fact], now: datetime) -> None:
    dated = programme.timeline(session)
    numbers = {fact.id: programme.in_force(dated, fact.at) for fact in paid}
    known = stamps.versions(session, {each for each in numbers.values() if each is not None})
    members = sorted({str(fact.member_id) for fact in paid})
    running = stamps.running(session, members) if known else set()
    if not running and not any(rules.cards for rules in known.values()):
        return
    # Budgets first, then members, as whoever gives points does (`committing`). A card that gets
    # full gives by the version it was begun under.
    known |= stamps.versions(session, running - known.keys())
    committing.lock(session, known.values(), {month_of(fact.at) for fact in paid})
    lock_members(session, members)
    cards = stamps.collection(session, members, known)
    stamped = _pay(cards, paid, numbers, now)
    stamps.write(session, stamped, now)
    _reward(session, [each for each in stamped if each[0].fills], now)


def _pay(
    cards: Collection, paid: Sequence[Fact], numbers: Mapping[str, int | None], now: datetime
) -> list[tuple[Stamped, Fact]]:
    """What each order stamps, under the version with its number; None: before the first one."""
    stamped: list[tuple[Stamped, Fact]] = []
    for fact in sorted(paid, key=lambda fact: (fact.at, fact.id)):
        number = numbers[fact.id]
        if number is not None:
            here = cards.pay(happened(fact), number, lambda: new_id(now))
            stamped.extend((each, fact) for each in here)
    return stamped


def _reward(session: Session, full: Sequence[tuple[Stamped, Fact]], now: datetime) -> None:
    """Tell that cards are full: what they give follows, as with every other rule."""
    drafts = []
    for each, fact in full:
        card, details = each.card, filled(each)
        if card.terms.voucher is not None and _has_one(session, card.id):
            details["again"] = True  # its voucher stands in spite of a refund: not two for one card
        subject = filled_subject(each)
        drafts.append(FactDraft("card.filled", card.member_id, subject, fact.at, details))
    facts.record_many(session, drafts, now)


def _has_one(session: Session, card_id: str) -> bool:
    """Whether a voucher of this card stands in spite of a refund: it was used, or has expired."""
    rests = (Grant.basis == basis_of(card_id), Grant.clawed < Grant.amount)
    before = (Voucher.about == basis_of(card_id), Voucher.revoked_at.is_(None))
    return bool(
        session.scalar(select(Grant.id).where(*rests).limit(1))
        or session.scalar(select(Voucher.id).where(*before).limit(1))
    )


def _take_back(session: Session, refunds: Sequence[Fact], now: datetime) -> None:
    members, months = stamps.touched(session, refunds)
    if not members:
        return
    committing.lock(session, (), months)
    lock_members(session, members)
    cards = stamps.collection(session, sorted(members), {})
    lost: list[tuple[Lost, Fact]] = []
    for fact in sorted(refunds, key=lambda fact: (fact.at, fact.id)):
        lost.extend((each, fact) for each in cards.refund(happened(fact)))
    stamps.take_back(session, lost, now)
    rewarded: dict[str, list[str]] = {}
    for each, fact in lost:
        if each.was_full:
            rewarded.setdefault(fact.id, []).append(basis_of(each.card.id))
    if rewarded:  # a card may have been filled since `clawing_back` looked
        clawing_back.take_back(session, refunds, rewarded, now)
    for each, _fact in lost:
        _tell(session, each, _void(session, each, now), now)


def _void(session: Session, lost: Lost, now: datetime) -> str | None:
    """Void the voucher that a card filled before grants were written for them gave, if it can still
    be used and never was; its code."""
    if not lost.was_full:
        return None
    rows = session.execute(
        select(Voucher.id, Voucher.code).where(Voucher.about == basis_of(lost.card.id))
    ).all()
    voided = [code for voucher_id, code in rows if codes.revoke(session, voucher_id, now)]
    return voided[0] if voided else None


def _tell(session: Session, lost: Lost, code: str | None, now: datetime) -> None:
    card = lost.card
    tell(
        session,
        card.member_id,
        notices.STAMP_BACK,
        now,
        link=f"/me/cards#{card.id}",
        about=basis_of(card.id),
        card=card.terms.name,
        stamps=len(card.stamps),
        orders=card.terms.orders,
        code=code,
    )
