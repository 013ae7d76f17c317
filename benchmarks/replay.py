"""A replay of the published programme, beside one that reads the same facts and does nothing.

The past is lived through as any other: facts are recorded in batches of some hundred, and rewards
hear them, so what the replay says can be held against what was granted, to the unit. Beyond
`LIVED` facts the past is doubled until there are enough: as many people again lived the same lives
under other names. The floor reads every fact of the period in the order in which it was heard and
decodes its details, and no more.
"""

from __future__ import annotations

import math
import random
import resource
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.progress import track
from sqlalchemy import (
    ColumnElement,
    Insert,
    String,
    Table,
    Text,
    case,
    cast,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from foundation import facts
from foundation.doors import database, reading, writing
from foundation.facts import Fact, FactDraft, Hearer
from foundation.tables import new_id, table_of
from members.models import Member
from rewards import clawing_back, earning, publishing, replaying
from rewards.first_programme import first_programme
from rewards.happenings import FACTS
from rewards.models import Clawback, Grant
from rewards.standing import keeping as standing
from rewards.standing.models import MemberTier, StandingChange, StandingCount
from rewards.standing.rules import KINDS

SEED = 1854
START = datetime(2025, 11, 1, tzinfo=UTC)
DAYS = 365
#: When the worker has just looked at everybody's standing, as it does every hour.
END = START + timedelta(days=DAYS, hours=1)
#: Facts heard in one transaction, and facts that one member is the cause of, on average.
BATCH, EACH = 500, 20
#: The most facts that are lived through.
LIVED = 40_000
PRODUCTS = [f"tea-{number}" for number in range(40)]

#: Rewards only: nobody here is thanked, and nobody's stage is looked at.
HEARERS: Mapping[str, Sequence[Hearer]] = {
    **dict.fromkeys(KINDS, (standing.hear,)),
    **dict.fromkeys(FACTS, (earning.hear, standing.hear)),
    "order.refunded": (clawing_back.hear, standing.hear),
}
FACT = table_of(Fact)
#: Where somebody else's past is written, and the columns that name people and things.
NAMES = {
    table_of(Member): {"id", "handle"},
    FACT: {"id", "subject", "member_id"},
    table_of(Grant): {"id", "member_id", "fact_id", "subject", "basis", "transfer_id"},
    table_of(Clawback): {"id", "grant_id", "fact_id", "subject"},
    table_of(StandingCount): {"member_id"},
    table_of(MemberTier): {"member_id"},
    table_of(StandingChange): {"id", "member_id"},
}
#: In the order in which things heard together are worked off.
ORDER = [*FACTS, "referral.qualified", "post.folded", "post.restored", "order.refunded"]


def rows(facts_wanted: int) -> list[dict[str, Any]]:
    """One row: so many facts in the (migrated, empty) open database, replayed."""
    make_past(facts_wanted)
    rules, end = first_programme(), END
    floor = _read(replaying.kinds_of(rules), end)
    began, worked = time.perf_counter(), time.process_time()
    with reading() as session:
        outcome = replaying.replay(session, rules, START, end)
    taken = time.perf_counter() - began
    if outcome.cost != outcome.actual_cost or outcome.movers:
        raise AssertionError(f"replayed {outcome.cost}, granted {outcome.actual_cost}")
    print(
        f"{outcome.facts:,} facts in {taken:.1f} s ({time.process_time() - worked:.1f} s of CPU, "
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024:,} MB at most)"
    )
    rate = outcome.facts / taken
    return [
        {
            "name": "replay of the published programme",
            "value": round(rate),
            "unit": "facts/s",
            "floor": round(floor),
            "ratio": round(rate / floor, 3),
            "backend": database().dialect,
            "scale": outcome.facts,
        }
    ]


def _read(kinds: set[str], end: datetime) -> float:
    query = (
        select(Fact.kind, Fact.member_id, Fact.at, Fact.details)
        .where(Fact.kind.in_(kinds), Fact.at >= START, Fact.at < end)
        .order_by(Fact.recorded_at)
    )
    began, read = time.perf_counter(), 0
    with reading() as session:
        for _row in session.execute(query, execution_options={"yield_per": 5_000}):
            read += 1
    return read / (time.perf_counter() - began)


def make_past(facts_wanted: int) -> None:
    """Fill the open database with `facts_wanted` facts (or as many as batches and doubling give)
    and what rewards made of them."""
    doublings = max(0, math.ceil(math.log2(facts_wanted / LIVED)))
    _live_through(facts_wanted >> doublings)
    standing.look(END)
    for place in track(range(1, doublings + 1), description="Doubling it"):
        with writing() as session:
            for table, names in NAMES.items():
                session.execute(_doubled(session, table, names, place))
    with writing() as session:
        session.execute(text("analyze"))


def _doubled(session: Session, table: Table, names: set[str], place: int) -> Insert:
    """Insert every row again, its names changed in their letter `place` from the end."""
    columns: list[ColumnElement[Any]] = [
        _renamed(column, place) if column.name in names else column for column in table.c
    ]
    query = select(*columns)
    if table is FACT:
        query = query.where(table.c.kind.not_in(["tier.changed", "programme.published"]))
        columns[list(table.c).index(table.c.details)] = _with_renamed(session, place)
        query = query.with_only_columns(*columns)
    return insert(table).from_select([column.name for column in table.c], query)


def _renamed(name: ColumnElement[Any], place: int) -> ColumnElement[str]:
    length = func.length(name)
    letter = func.substr(name, length - place + 1, 1)
    return (
        func.substr(name, 1, length - place, type_=String)
        .concat(case((letter == "0", "1"), else_="0"))
        .concat(func.substr(name, length - place + 2))
    )


def _with_renamed(session: Session, place: int) -> ColumnElement[Any]:
    """A fact's details with the names of its order and of a friend changed."""
    said: ColumnElement[Any] = cast(FACT.c.details, Text)
    for key in ("order", "friend"):
        name = func.coalesce(FACT.c.details[key].as_string(), "neither")
        said = func.replace(said, name, _renamed(name, place))
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    return cast(said, JSONB) if is_postgresql else said


def _live_through(facts_wanted: int) -> None:
    dice = random.Random(SEED)
    with writing() as session:
        people = _people(session, max(10, facts_wanted // EACH))
        publishing.publish_first(session, people[0], START)
    facts.listen(HEARERS)
    story = _Story(dice, people)
    batches = max(1, facts_wanted // BATCH)
    for number in track(range(batches), description="Living through the past"):
        heard = START + timedelta(days=DAYS) * (number + 1) / batches
        since = START + timedelta(days=DAYS) * number / batches
        with writing() as session:
            drafts = sorted(story.told(since, heard), key=lambda draft: ORDER.index(draft.kind))
            facts.record_many(session, drafts, heard)


def _people(session: Session, many: int) -> list[str]:
    ids = [new_id(START) for _ in range(many)]
    for first in range(0, many, 5_000):
        session.execute(
            insert(Member),
            [
                {
                    "id": each,
                    "handle": each,
                    "name": f"Member {number}",
                    "role": "member",
                    "language": "en",
                    "time_zone": "UTC",
                    "joined_at": START,
                }
                for number, each in enumerate(ids[first : first + 5_000], first)
            ],
        )
    return ids


class _Story:
    """What these people do: mostly buy, often say something, now and then bring a friend."""

    def __init__(self, dice: random.Random, people: Sequence[str]) -> None:
        self.dice = dice
        self.people = people
        self.orders: list[tuple[str, dict[str, Any]]] = []
        self.bought: dict[str, int] = {}
        self.friends: list[tuple[str, str]] = []

    def told(self, since: datetime, heard: datetime) -> Iterator[FactDraft]:
        """What happens until `heard`, `BATCH` facts or one more."""
        for number in range(BATCH):
            at = since + (heard - since) * number / BATCH
            who = self.people[int(len(self.people) * self.dice.random() ** 2)]
            yield self._act(who, at)

    def _act(self, who: str, at: datetime) -> FactDraft:
        dice = self.dice.random()
        if dice < 0.55 or not self.orders:
            return self._pay(who, at)
        if dice < 0.60:
            return self._refund(at)
        if dice < 0.75:
            return self._review(who, at)
        if dice < 0.88:
            return FactDraft(
                "answer.accepted", who, f"post:{new_id(at)}", at, {"topic": new_id(at)}
            )
        if dice < 0.95 or not self.friends:
            return self._refer(who, at)
        referrer, friend = self.friends.pop(self.dice.randrange(len(self.friends)))
        return FactDraft(
            "referral.qualified", referrer, f"referral:{new_id(at)}", at, {"friend": friend}
        )

    def _pay(self, who: str, at: datetime) -> FactDraft:
        order, total = new_id(at), self.dice.randrange(900, 9_000)
        self.bought[who] = self.bought.get(who, 0) + 1
        details = {"order": order, "total": total, "currency": "USD"}
        self.orders.append((who, details))
        more = {"number": self.bought[who], "products": {self.dice.choice(PRODUCTS): total}}
        return FactDraft("order.paid", who, f"order:{order}", at, details | more)

    def _refund(self, at: datetime) -> FactDraft:
        who, details = self.orders.pop(self.dice.randrange(len(self.orders)))
        amount = self.dice.choice([details["total"], details["total"] // 3])
        more = {"amount": amount, "refunded_total": amount}
        return FactDraft("order.refunded", who, f"refund:{new_id(at)}", at, details | more)

    def _review(self, who: str, at: datetime) -> FactDraft:
        details = {
            "product": new_id(at),
            "slug": self.dice.choice(PRODUCTS),
            "order": None,
            "verified": self.dice.random() < 0.7,
        }
        return FactDraft("review.published", who, f"review:{new_id(at)}", at, details)

    def _refer(self, who: str, at: datetime) -> FactDraft:
        friend, details = self.orders[-1]
        if friend == who:
            return self._pay(who, at)
        self.friends.append((who, friend))
        more = {"friend": friend, "channel": "link", "products": {}}
        return FactDraft("referral.purchased", who, f"referral:{new_id(at)}", at, details | more)
