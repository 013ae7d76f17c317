"""What the pages about cards show, each in a fixed, small number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from rewards import programme
from rewards.cards import stamps
from rewards.cards.collecting import basis_of
from rewards.cards.models import MemberCard, Stamp
from rewards.cards.rules import Held, StampCard, may_begin
from rewards.models import Grant, Voucher
from rewards.rules import Programme
from rewards.vouchers.booking import about_grant


@dataclass(frozen=True)
class Place:
    """A place on a card: the order stamped on it, or nothing yet."""

    order: str = ""  # its identifier
    at: datetime | None = None


@dataclass(frozen=True)
class Reward:
    """What a full card gave: a grant, and its voucher if it is one."""

    grant: Grant | None = None
    voucher: Voucher | None = None


@dataclass(frozen=True)
class MyCard:
    """One card of a member as her page shows it; `id` is empty for one not begun yet."""

    id: str
    terms: StampCard
    rules: Programme
    version: int
    stamps: list[Place]
    last_day: date | None
    is_running: bool
    filled_at: datetime | None = None
    reward: Reward | None = None
    lost: Sequence[Stamp] = ()  # stamps that refunds took back

    @property
    def places(self) -> list[Place]:
        """Every place of the card, filled ones first."""
        empty = self.terms.orders - len(self.stamps)
        return [*self.stamps, *[Place()] * empty]


@dataclass(frozen=True)
class MyCards:
    """A member's cards: running and to be begun, then full, then those whose time ran out."""

    open: list[MyCard]
    full: list[MyCard]
    over: list[MyCard]


def mine(session: Session, member_id: str, now: datetime) -> MyCards:
    """All cards of a member, the newest first in each list."""
    version = programme.latest(session)
    rows = session.scalars(
        select(MemberCard)
        .where(MemberCard.member_id == member_id)
        .order_by(MemberCard.begun_at.desc(), MemberCard.id.desc())
    ).all()
    known = stamps.versions(session, {row.version for row in rows})
    given = session.scalars(
        select(Stamp).where(Stamp.member_id == member_id).order_by(Stamp.at, Stamp.id)
    ).all()
    rewards = _rewards(session, member_id, [row.id for row in rows if row.filled_at])
    held = [(row, stamps.held(row, known, _standing(given, row.id))) for row in rows]
    cards = [_card(row, each, known, given, rewards.get(row.id), now) for row, each in held]
    begun = [each for _row, each in held]
    running = [card for card in cards if card.is_running]
    fresh = _to_begin(version.rules, version.number, begun, running, now) if version else []
    return MyCards(
        open=[*running, *fresh],
        full=[card for card in cards if card.filled_at],
        over=[card for card in cards if not card.is_running and not card.filled_at],
    )


def _standing(given: Sequence[Stamp], card_id: str) -> dict[str, datetime]:
    return {
        each.subject: each.at
        for each in given
        if each.card_id == card_id and each.taken_back_at is None
    }


def _card(
    row: MemberCard,
    held: Held,
    programmes: dict[int, Programme],
    given: Sequence[Stamp],
    reward: Reward | None,
    now: datetime,
) -> MyCard:
    return MyCard(
        id=row.id,
        terms=held.terms,
        rules=programmes[row.version],
        version=row.version,
        stamps=[Place(order.removeprefix("order:"), at) for order, at in held.stamps.items()],
        last_day=held.last_day,
        is_running=held.is_running(now),
        filled_at=row.filled_at,
        reward=reward,
        lost=[each for each in given if each.card_id == row.id and each.taken_back_at is not None],
    )


def _to_begin(
    rules: Programme, version: int, held: list[Held], running: list[MyCard], now: datetime
) -> list[MyCard]:
    """Kinds of the programme in force of which she has no card running and may begin one."""
    busy = {card.terms.key for card in running}
    return [
        MyCard("", terms, rules, version, [], None, False)
        for terms in rules.cards
        if terms.key not in busy
        and may_begin(terms, [each for each in held if each.terms.key == terms.key], now)
    ]


def _rewards(session: Session, member_id: str, card_ids: Sequence[str]) -> dict[str, Reward]:
    """What her full cards gave, by card."""
    if not card_ids:
        return {}
    bases = {basis_of(card_id): card_id for card_id in card_ids}
    grants = session.scalars(
        select(Grant).where(Grant.basis.in_(bases), Grant.clawed == 0).order_by(Grant.id)
    )
    found = {grant.basis or "": grant for grant in grants}
    # A card that was filled before grants were written for vouchers is what its voucher is about.
    abouts = {about_grant(grant.id): basis for basis, grant in found.items()}
    given = session.scalars(
        select(Voucher)
        .where(Voucher.member_id == member_id, Voucher.about.in_([*abouts, *bases]))
        .where(Voucher.revoked_at.is_(None))
    )
    vouchers = {abouts.get(each.about, each.about): each for each in given}
    return {
        bases[basis]: Reward(found.get(basis), vouchers.get(basis))
        for basis in found.keys() | vouchers.keys()
    }
