"""What the pages need, each in a fixed, small number of statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.facts import Fact
from foundation.paging import Page
from foundation.refusal import Refused
from foundation.words import text_in
from ledger import statements
from ledger.statements import Balances, Line
from members.models import Member
from rewards import explaining, programme
from rewards.awarding import queries as award_queries
from rewards.bars import Bar, in_order
from rewards.budgets.rules import cost
from rewards.cards import queries as card_queries
from rewards.cards.past import Given
from rewards.cards.queries import MyCard
from rewards.catalogue import offers as catalogue
from rewards.catalogue import queries as catalogue_queries
from rewards.catalogue.offers import Offer
from rewards.happenings import order_reference, place_of
from rewards.models import Clawback, Grant, ReplayRun, Voucher
from rewards.programme import Version
from rewards.replaying import (
    Mover,
    Outcome,
    RuleCost,
    outcome_of,
    read_cost_key,
)
from rewards.rules import POINTS, EarningRule, Programme, Tier, read
from rewards.standing import tiers
from rewards.standing.tiers import Standing
from rewards.topups import queries as topup_queries
from rewards.topups.queries import Holding
from rewards.topups.replaying import UnitsGiven

#: Vouchers and held grants a member sees before the list is cut.
SHOWN = 50
CHUNK = 5_000


@dataclass(frozen=True)
class Changed:
    """A version in the public history, with what it changed about the one before it."""

    version: Version
    changes: list[str]


@dataclass(frozen=True)
class Mine:
    """A member's rewards."""

    balances: Balances
    version: Version | None
    standing: Standing | None
    ways_up: list[str]
    waiting: Sequence[Grant]
    vouchers: Sequence[Voucher]
    statement: Page[Line]
    names: dict[str, dict[str, str]]  # of rules, by grant id
    returnable: set[str]  # grants on hold until their order can no longer be returned
    items: dict[str, str]  # what was redeemed, by redemption
    awards: dict[str, str]  # the reason behind points by the owner's hand, by award
    offers: Sequence[Offer]
    on_the_way: Sequence[catalogue_queries.Line]
    cards: Sequence[MyCard]
    prepaid: Sequence[Holding]
    at: datetime


@dataclass(frozen=True)
class Why:
    """A grant, and everything that says why it was given."""

    grant: Grant
    version: Version
    rule: EarningRule | None
    explained: explaining.Explained | None
    tier: Tier | None
    clawbacks: Sequence[Clawback]
    place: str | None  # the page of the order, review or answer behind it
    paid_off: int  # what of it made up for what she owed


@dataclass(frozen=True)
class Person:
    """A member's name and page."""

    name: str
    handle: str


def history(versions: Sequence[Version]) -> list[Changed]:
    """Versions, newest first, each with its changes in words."""
    changed = []
    for position, version in enumerate(versions):
        older = versions[position + 1] if position + 1 < len(versions) else None
        changes = explaining.changes(older.rules, version.rules) if older else []
        changed.append(Changed(version, changes))
    return changed


def mine(session: Session, member_id: str, now: datetime, cursor: str | None) -> Mine:
    """Everything on /me/rewards."""
    version = programme.latest(session)
    standing = tiers.standing(session, member_id, version.rules, now) if version else None
    waiting = session.scalars(
        select(Grant)
        .where(Grant.member_id == member_id, Grant.released_at.is_(None), Grant.voided_at.is_(None))
        .order_by(Grant.release_at)
        .limit(SHOWN)
    ).all()
    vouchers = session.scalars(
        select(Voucher)
        .where(Voucher.member_id == member_id)
        .order_by(Voucher.id.desc())
        .limit(SHOWN)
    ).all()
    statement = statements.statement(session, member_id, POINTS, cursor=cursor, path="/me/rewards")
    rules = _rules_of(session, waiting, statement.rows)
    return Mine(
        balances=statements.balances(session, member_id, POINTS),
        version=version,
        standing=standing,
        ways_up=explaining.ways_up(standing, version.rules) if version and standing else [],
        waiting=waiting,
        vouchers=vouchers,
        statement=statement,
        names={key: rule.name for key, rule in rules.items()},
        returnable={key for key, rule in rules.items() if rule.hold == "return_period"},
        items=catalogue_queries.titles(session, _ids(statement.rows, "redemption:")),
        awards=award_queries.reasons(session, _ids(statement.rows, "award:")),
        offers=catalogue.offers(session, version.rules, member_id, now) if version else [],
        on_the_way=catalogue_queries.on_the_way(session, member_id),
        cards=card_queries.mine(session, member_id, now).open,
        prepaid=topup_queries.holdings(session, member_id, now),
        at=now,
    )


def _ids(lines: Iterable[Line], prefix: str) -> list[str]:
    about = [line.about or "" for line in lines]
    return [each.removeprefix(prefix) for each in about if each.startswith(prefix)]


def _rules_of(
    session: Session, waiting: Iterable[Grant], lines: Iterable[Line]
) -> dict[str, EarningRule]:
    """The rule behind each grant on the page, as its version has it."""
    ids = {grant.id for grant in waiting}
    about = [line.about or "" for line in lines]
    ids |= {each.removeprefix("grant:") for each in about if each.startswith("grant:")}
    rows = session.execute(select(Grant.id, Grant.rule, Grant.version).where(Grant.id.in_(ids)))
    found = {grant_id: (rule, version) for grant_id, rule, version in rows}
    known = programme.numbered(session, (number for _key, number in found.values()))
    rules = {each: known[number].rules.rule(key) for each, (key, number) in found.items()}
    return {each: rule for each, rule in rules.items() if rule is not None}


def why(session: Session, grant_id: str, member_id: str) -> Why:
    """A member's own grant; Refused (404) for anybody else's, as for one that never was."""
    grant = session.get(Grant, grant_id)
    if grant is None or grant.member_id != member_id:
        raise Refused("There is no such reward.", code="unknown_grant", status=404)
    version = programme.version(session, grant.version)
    assert version is not None
    rule = version.rules.rule(grant.rule)
    clawbacks = session.scalars(
        select(Clawback).where(Clawback.grant_id == grant.id).order_by(Clawback.id)
    ).all()
    return Why(
        grant=grant,
        version=version,
        rule=rule,
        explained=explaining.rule(rule, version.rules) if rule else None,
        tier=version.rules.tier(grant.tier),
        clawbacks=clawbacks,
        place=_place_of(session.get(Fact, grant.fact_id), grant),
        paid_off=statements.paid_off_by(session, grant.transfer_id),
    )


def _place_of(fact: Fact | None, grant: Grant) -> str | None:
    """Where the member sees what it was for: the friend of a referral her own order."""
    if fact is None:
        return None
    is_friend = fact.kind == "referral.purchased" and fact.member_id != grant.member_id
    return place_of(order_reference(str(fact.details["order"])) if is_friend else fact.subject)


def people(session: Session, member_ids: Iterable[str]) -> dict[str, Person]:
    """Names of members by id."""
    wanted, found = list(member_ids), dict[str, Person]()
    for start in range(0, len(wanted), CHUNK):
        rows = session.execute(
            select(Member.id, Member.name, Member.handle).where(
                Member.id.in_(wanted[start : start + CHUNK])
            )
        )
        found |= {member_id: Person(name, handle) for member_id, name, handle in rows}
    return found


def latest_runs(session: Session, limit: int = 5) -> Sequence[ReplayRun]:
    """The newest replays."""
    return session.scalars(select(ReplayRun).order_by(ReplayRun.id.desc()).limit(limit)).all()


@dataclass(frozen=True)
class RuleRow:
    """What one rule would have cost and did cost of one commodity."""

    name: dict[str, str]
    commodity: str
    replayed: RuleCost
    actual: RuleCost


@dataclass(frozen=True)
class TopUpRow:
    """What one top-up offer would have given and did give."""

    name: dict[str, str]
    replayed: UnitsGiven
    actual: UnitsGiven


@dataclass(frozen=True)
class GiftRow:
    """How many vouchers a card or a welcome would have given away, and did."""

    name: dict[str, str]
    replayed: Given
    actual: Given


@dataclass(frozen=True)
class Move:
    """A member who would move, with names of the tiers."""

    person: Person | None
    before: dict[str, str]
    after: dict[str, str]
    mover: Mover


@dataclass(frozen=True)
class Replayed:
    """A replay as its page shows it."""

    run: ReplayRun
    rules: Programme
    outcome: Outcome | None
    rows: list[RuleRow]
    moves: list[Move]
    up: int
    down: int
    first_published: datetime | None
    gifts: list[GiftRow]
    topups: list[TopUpRow]

    @property
    def bars(self) -> dict[str, list[Bar]]:
        """What each rule would have given, for the charts: by commodity."""
        return {
            code: [
                Bar.of(text_in(row.name), row.replayed.net, code)
                for row in self.rows
                if row.commodity == code
            ]
            for code in self.commodities
        }

    @property
    def commodities(self) -> list[str]:
        """What anything was, or would have been, given in."""
        return in_order({POINTS, *(row.commodity for row in self.rows)})

    @property
    def cost_in_money(self) -> int | None:
        """What the points would have cost, at the worth these rules state."""
        return cost(self.outcome.cost, self.rules.worth_of_100) if self.outcome else None

    @staticmethod
    def day(moment: str) -> datetime:
        """A moment as the outcome keeps it."""
        return datetime.fromisoformat(moment)


#: Movers listed by name; the rest are counted.
MOVERS_SHOWN = 200


def replayed(session: Session, run_id: str) -> Replayed:
    """One replay; Refused (404) when nobody asked for it."""
    run = session.get(ReplayRun, run_id)
    if run is None:
        raise Refused("There is no such replay.", code="unknown_replay", status=404)
    rules = read(run.rules)
    outcome = outcome_of(run.outcome) if run.outcome else None
    dated = programme.timeline(session)
    latest = programme.latest(session)
    movers = outcome.movers if outcome else []
    names = _names(_known(session, outcome, rules, latest)) if outcome else {}
    return Replayed(
        run=run,
        rules=rules,
        outcome=outcome,
        rows=_rows(outcome, names) if outcome else [],
        moves=_moves(session, movers[:MOVERS_SHOWN], rules, latest),
        up=sum(mover.is_up for mover in movers),
        down=sum(not mover.is_up for mover in movers),
        first_published=dated[-1].published_at if dated else None,
        gifts=_gifts(outcome, names) if outcome else [],
        topups=_topups(outcome, names) if outcome else [],
    )


def _known(
    session: Session, outcome: Outcome, rules: Programme, latest: Version | None
) -> list[Programme]:
    """The programmes that say how what was, or would have been, given is called."""
    costs = [read_cost_key(key)[0] for key in (*outcome.replayed, *outcome.actual)]
    others = (outcome.gifts, outcome.actual_gifts, outcome.topups, outcome.actual_topups)
    return programme.naming(
        session, chain(costs, *others), [rules, latest.rules] if latest else [rules]
    )


def _names(known: Sequence[Programme]) -> dict[str, dict[str, str]]:
    """The names of rules, cards, welcomes and offers, in the order of their programmes."""
    names = dict[str, dict[str, str]]()
    for rules in known:
        for rule in rules.paying:
            names.setdefault(rule.key, rule.name)
        for offer in rules.topups:
            names.setdefault(offer.key, offer.name)
    return names


def _sorted(keys: Iterable[str], names: Iterable[str], part: int | None = None) -> list[str]:
    """Keys as their programmes have them, for the database keeps no order in a document."""
    places = {key: place for place, key in enumerate(names)}

    def place(key: str) -> int:
        return places.get(key if part is None else read_cost_key(key)[part], len(places))

    return sorted(set(keys), key=lambda key: (place(key), key))


def _rows(outcome: Outcome, names: Mapping[str, dict[str, str]]) -> list[RuleRow]:
    rows = []
    for key in _sorted([*outcome.replayed, *outcome.actual], names, 0):
        rule, commodity = read_cost_key(key)
        rows.append(
            RuleRow(
                names.get(rule, {"en": rule}),
                commodity,
                outcome.replayed.get(key, RuleCost()),
                outcome.actual.get(key, RuleCost()),
            )
        )
    return rows


def _topups(outcome: Outcome, names: Mapping[str, dict[str, str]]) -> list[TopUpRow]:
    return [
        TopUpRow(
            names.get(key, {"en": key}),
            outcome.topups.get(key, UnitsGiven()),
            outcome.actual_topups.get(key, UnitsGiven()),
        )
        for key in _sorted([*outcome.topups, *outcome.actual_topups], names)
    ]


def _gifts(outcome: Outcome, names: Mapping[str, dict[str, str]]) -> list[GiftRow]:
    return [
        GiftRow(
            names.get(key, {"en": key}),
            outcome.gifts.get(key, Given()),
            outcome.actual_gifts.get(key, Given()),
        )
        for key in _sorted([*outcome.gifts, *outcome.actual_gifts], names)
    ]


def _names_of_tiers(
    session: Session, keys: set[str], rules: Programme
) -> dict[str, dict[str, str]]:
    """What tiers are called; those that there are no more, by the newest version that had them."""
    found = {tier.key: tier.name for tier in rules.tiers if tier.key in keys}
    if len(found) < len(keys):
        for version in programme.versions(session):
            found = {tier.key: tier.name for tier in version.rules.tiers} | found
    return found


def _moves(
    session: Session, movers: Sequence[Mover], rules: Programme, latest: Version | None
) -> list[Move]:
    names = people(session, [mover.member_id for mover in movers])
    in_force = latest.rules if latest else rules
    once = _names_of_tiers(session, {mover.before for mover in movers}, in_force)
    moves = []
    for mover in movers:
        after = rules.tier(mover.after)
        moves.append(
            Move(
                names.get(mover.member_id),
                once.get(mover.before, {"en": mover.before}),
                after.name if after else {"en": mover.after},
                mover,
            )
        )
    return moves
