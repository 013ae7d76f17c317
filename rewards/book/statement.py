"""A member's statement: every movement in plain words, each leading to why it happened."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from foundation import words
from foundation.paging import Page
from foundation.sheets import Cell, as_csv
from foundation.words import _, text_in
from ledger import movements, statements
from ledger.journal import moment
from ledger.movements import Held, Movement
from ledger.statements import Balances
from rewards import programme
from rewards.awarding import queries as award_queries
from rewards.book import statement_words
from rewards.book.amounts import plain
from rewards.cards.collecting import basis_of
from rewards.cards.models import MemberCard
from rewards.cards.rules import WELCOME
from rewards.catalogue import queries as catalogue_queries
from rewards.commodities import PAPER, in_order
from rewards.credit.models import CreditReturn, CreditTaking
from rewards.explaining import anchor_of
from rewards.models import Grant
from rewards.papers.models import Paper
from rewards.perks.models import Entitlement
from rewards.rules import POINTS
from rewards.seats.models import Seat, UnitGrant
from rewards.topups.models import TopUpPurchase, TopUpUse
from rewards.vouchers import queries as vouchers
from rewards.vouchers.booking import about_use

NUMBERS = ("pending", "available", "spent", "expired", "negative")
COLUMNS = (
    "at",
    "what",
    "reason",
    "commodity",
    "amount",
    *NUMBERS,
    *(f"{name}_after" for name in NUMBERS),
    "until",
    "about",
    "transfer",
)
#: Movements whose reasons are looked up together.
CHUNK = 500


@dataclass(frozen=True)
class Reason:
    """Why something moved: its name in the reader's language and the page that tells."""

    name: str
    href: str | None = None
    also: tuple[tuple[str, str], ...] = ()  # (address, label)


@dataclass(frozen=True)
class Line:
    """A movement and its words."""

    movement: Movement
    commodity: str
    reason: Reason | None

    @property
    def what(self) -> str:
        """What it was, as a word for machines."""
        return statement_words.what(self.movement.source, self.movement.target)

    @property
    def sentence(self) -> str:
        """What it was, in the reader's language; a hold that was over when it was told has no
        date to wait for."""
        until = self.movement.until
        if until is not None and until <= self.movement.at:
            until = None
        return statement_words.sentence(self.what, self.commodity, until)

    @property
    def icon(self) -> str:
        """What is drawn beside it."""
        return statement_words.icon(self.what, self.commodity)

    @property
    def changes(self) -> list[tuple[int, str]]:
        """What it added to and took from what she has, with the name of each number."""
        names = statement_words.shown(self.commodity)
        found = [(getattr(self.movement.change, number), name) for number, name in names.items()]
        return [(amount, name) for amount, name in found if amount]

    @property
    def is_gain(self) -> bool:
        """Whether she has more than before; a debt that grows is not more."""
        changes = self.changes
        return bool(changes) and changes[0][0] > 0 >= self.movement.change.negative

    @property
    def after(self) -> list[tuple[int, str]]:
        """What she had then: always what she could spend, of the rest what was not nothing."""
        names = statement_words.shown(self.commodity)
        found = [(getattr(self.movement.after, number), name) for number, name in names.items()]
        return [(amount, name) for place, (amount, name) in enumerate(found) if amount or not place]


@dataclass(frozen=True)
class Statement:
    """What the page shows; `day` is the past day asked for."""

    commodities: Sequence[Held]
    held: Held
    balances: Balances
    day: date | None
    page: Page[Line]


def read(
    session: Session,
    member_id: str,
    commodity: str | None,
    day: date | None,
    cursor: str | None,
) -> Statement:
    """The statement of one commodity, now or as it was when `day` was over in the reader's zone."""
    held_of = {each.code: each for each in movements.commodities_of(session, member_id)}
    known = [held_of[code] for code in in_order(held_of)]
    held = next((each for each in known if each.code == commodity), None)
    held = held or (known[0] if known else Held(POINTS, 0))
    until = end_of(day) if day else None
    path = f"/me/rewards/statement?commodity={held.code}" + (f"&day={day}" if day else "")
    found = movements.page(session, member_id, held.code, cursor=cursor, path=path, until=until)
    balances = (
        statements.balances_at(session, member_id, held.code, until)
        if until
        else statements.balances(session, member_id, held.code)
    )
    lines = explained(session, found.rows, held.code)
    return Statement(known, held, balances, day, Page(lines, found.next, found.previous))


def end_of(day: date) -> datetime:
    """The last moment of a day where the reader lives."""
    midnight = datetime.combine(day + timedelta(days=1), time(), words.current_zone())
    return midnight.astimezone(UTC) - timedelta(microseconds=1)


def explained(session: Session, moved: Sequence[Movement], commodity: str) -> list[Line]:
    """Each movement with its words and its reason, in a fixed number of statements."""
    found = reasons(session, {each.about for each in moved if each.about})
    return [Line(each, commodity, found.get(each.about or "")) for each in moved]


def reasons(session: Session, about: set[str]) -> dict[str, Reason]:
    """Why something moved, by what its transfer is about."""
    found = _grants(session, about) | _redemptions(session, about) | _units(session, about)
    found |= _topups(session, about) | _awards(session, about) | _credit(session, about)
    found |= _papers(session, about)
    found |= _perks(session, about) | _cards(session, about) | _welcomes(session, about)
    return found | _uses(session, about)


def _ids(about: set[str], prefix: str) -> list[str]:
    return [each.removeprefix(prefix) for each in about if each.startswith(prefix)]


def _grants(session: Session, about: set[str]) -> dict[str, Reason]:
    rows = session.execute(
        select(Grant.id, Grant.rule, Grant.version, Grant.fact_kind, Grant.basis).where(
            Grant.id.in_(_ids(about, "grant:"))
        )
    ).all()
    known = programme.numbered(session, (row[2] for row in rows))
    found = {}
    for grant_id, key, number, fact_kind, basis in rows:
        version = known.get(number)
        rule = version.rules.rule(key) if version else None
        told = f"/how-rewards-work/{number}#{anchor_of(fact_kind, key)}"
        also = [(told, _("Version %(number)s", number=number))]
        if fact_kind == "order.paid" and basis:  # a referral rests on the friend's order
            also.append((f"/me/orders/{basis.removeprefix('order:')}", _("The order")))
        name = text_in(rule.name) if rule else key
        found[f"grant:{grant_id}"] = Reason(name, f"/me/rewards/{grant_id}", tuple(also))
    return found


def _redemptions(session: Session, about: set[str]) -> dict[str, Reason]:
    titles = catalogue_queries.titles(session, _ids(about, "redemption:"))
    return {
        f"redemption:{redemption_id}": Reason(title, f"/me/redemptions/{redemption_id}")
        for redemption_id, title in titles.items()
    }


def _units(session: Session, about: set[str]) -> dict[str, Reason]:
    rows = session.execute(
        select(UnitGrant.id, Seat.invitation_id)
        .join(Seat, Seat.id == UnitGrant.seat_id)
        .where(UnitGrant.id.in_(_ids(about, "unit_grant:")))
    )
    return {
        f"unit_grant:{grant_id}": Reason(_("Your seat"), f"/me/seats/{invitation_id}")
        for grant_id, invitation_id in rows
    }


def _topups(session: Session, about: set[str]) -> dict[str, Reason]:
    """Purchases of prepaid units, and uses of them."""
    bought, used = _ids(about, "topup:"), _ids(about, "topup_use:")
    columns = (TopUpPurchase.offer, TopUpPurchase.version, TopUpPurchase.basis)
    rows = [
        *session.execute(
            select(literal("topup:") + TopUpPurchase.id, *columns).where(
                TopUpPurchase.id.in_(bought)
            )
        ),
        *session.execute(
            select(literal("topup_use:") + TopUpUse.id, *columns)
            .join(TopUpPurchase, TopUpPurchase.id == TopUpUse.purchase_id)
            .where(TopUpUse.id.in_(used))
        ),
    ]
    known = programme.numbered(session, (row[2] for row in rows))
    found = {}
    for each, key, number, basis in rows:
        version = known.get(number)
        offer = version.rules.topup(key) if version else None
        told = f"/how-rewards-work/{number}#topup-{key}"
        also = (
            (told, _("Version %(number)s", number=number)),
            (f"/me/orders/{basis.removeprefix('order:')}", _("The order")),
        )
        found[each] = Reason(text_in(offer.name) if offer else key, "/me/prepaid", also)
    return found


def _awards(session: Session, about: set[str]) -> dict[str, Reason]:
    """Points by the owner's hand, with the reason she wrote."""
    reasons = award_queries.reasons(session, _ids(about, "award:"))
    return {
        f"award:{award_id}": Reason(reason, f"/me/awards/{award_id}")
        for award_id, reason in reasons.items()
    }


def _papers(session: Session, about: set[str]) -> dict[str, Reason]:
    """Papers open to her by name, or closed to her again."""
    rows = session.execute(select(Paper.id, Paper.title).where(Paper.id.in_(_ids(about, PAPER))))
    return {PAPER + key: Reason(text_in(title), f"/papers/{key}") for key, title in rows}


def _perks(session: Session, about: set[str]) -> dict[str, Reason]:
    """Perks given to her by a rule, or by the owner with a reason."""
    rows = session.execute(
        select(Entitlement.id, Entitlement.perk, Entitlement.version, Entitlement.reason).where(
            Entitlement.id.in_(_ids(about, "entitlement:"))
        )
    ).all()
    known = programme.numbered(session, (row[2] for row in rows))
    found = {}
    for given_id, key, number, reason in rows:
        version = known.get(number)
        perk = version.rules.perk(key) if version else None
        told = f"/how-rewards-work/{number}#perk-{key}"
        name = reason or (text_in(perk.name) if perk else key)
        also = ((told, _("Version %(number)s", number=number)),)
        found[f"entitlement:{given_id}"] = Reason(name, "/me/perks", also)
    return found


def _cards(session: Session, about: set[str]) -> dict[str, Reason]:
    """Full cards that gave a voucher."""
    rows = session.execute(
        select(MemberCard.id, MemberCard.card, MemberCard.version).where(
            MemberCard.id.in_(_ids(about, "card:"))
        )
    ).all()
    known = programme.numbered(session, (row[2] for row in rows))
    found = {}
    for card_id, key, number in rows:
        version = known.get(number)
        terms = version.rules.card(key) if version else None
        told = f"/how-rewards-work/{number}#card-{key}"
        name = text_in(terms.name) if terms else key
        also = ((told, _("Version %(number)s", number=number)),)
        found[basis_of(card_id)] = Reason(name, f"/me/cards#{card_id}", also)
    return found


def _welcomes(session: Session, about: set[str]) -> dict[str, Reason]:
    """Welcome vouchers, which are about the rule that gave them."""
    found = {}
    for rule in sorted(each for each in about if each.startswith(WELCOME)):
        number = vouchers.given_last(session, rule)
        version = programme.version(session, number) if number is not None else None
        gift = version.rules.welcome_by(rule) if version else None
        if gift is not None:
            told = f"/how-rewards-work/{number}#welcome-{gift.key}"
            found[rule] = Reason(text_in(gift.name), told)
    return found


def _uses(session: Session, about: set[str]) -> dict[str, Reason]:
    """Orders that vouchers were taken off."""
    used = vouchers.used_for(session, _ids(about, "voucher_use:"))
    return {
        about_use(use_id): Reason(
            _("Order %(order)s", order=order), None, (("/me/rewards#vouchers", code),)
        )
        for use_id, (order, code) in used.items()
    }


def _credit(session: Session, about: set[str]) -> dict[str, Reason]:
    """Store credit taken for orders of the shop, and given back."""
    order = CreditTaking.reference
    rows = [
        *session.execute(
            select(literal("credit_taking:") + CreditTaking.id, order).where(
                CreditTaking.id.in_(_ids(about, "credit_taking:"))
            )
        ),
        *session.execute(
            select(literal("credit_return:") + CreditReturn.id, order)
            .join(CreditTaking, CreditTaking.id == CreditReturn.taking_id)
            .where(CreditReturn.id.in_(_ids(about, "credit_return:")))
        ),
    ]
    return {each: Reason(_("Order %(order)s", order=paid)) for each, paid in rows}


def lines(session: Session, member_id: str, commodity: str) -> Iterator[Line]:
    """The whole history, newest first, in a fixed amount of memory."""
    moved = movements.whole(session, member_id, commodity)
    while chunk := list(islice(moved, CHUNK)):
        yield from explained(session, chunk, commodity)


def csv_pieces(session: Session, member_id: str, held: Held) -> Iterator[str]:
    """The whole history as CSV; columns as docs/book.md describes them."""
    return as_csv(
        COLUMNS,
        (list(_cells(each, held).values()) for each in lines(session, member_id, held.code)),
    )


def json_pieces(session: Session, member_id: str, held: Held, now: datetime) -> Iterator[str]:
    """The whole history as one JSON document, a line each movement; amounts in minor units."""
    balances = _numbers(statements.balances(session, member_id, held.code))
    head = {"commodity": held.code, "scale": held.scale, "at": moment(now), "balances": balances}
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "movements": ['
    comma = "\n"
    for each in lines(session, member_id, held.code):
        yield comma + json.dumps(_document(each), ensure_ascii=False)
        comma = ",\n"
    yield "\n]}\n"


def _cells(line: Line, held: Held) -> dict[str, Cell]:
    moved = line.movement
    changed = {name: getattr(moved.change, name) for name in NUMBERS}
    after = {f"{name}_after": getattr(moved.after, name) for name in NUMBERS}
    numbers = {"amount": moved.amount} | changed | after
    return {
        "at": moment(moved.at),
        "what": line.what,
        "reason": line.reason.name if line.reason else None,
        "commodity": held.code,
        **{name: plain(units, held.scale) for name, units in numbers.items()},
        "until": moment(moved.until) if moved.until else None,
        "about": moved.about,
        "transfer": moved.transfer,
    }


def _document(line: Line) -> dict[str, Any]:
    moved = line.movement
    return {
        "at": moment(moved.at),
        "what": line.what,
        "reason": line.reason.name if line.reason else None,
        "amount": moved.amount,
        "change": _numbers(moved.change),
        "after": _numbers(moved.after),
        "until": moment(moved.until) if moved.until else None,
        "about": moved.about,
        "transfer": moved.transfer,
    }


def _numbers(balances: Balances) -> dict[str, int]:
    return {name: units for name, units in asdict(balances).items() if name in NUMBERS}
