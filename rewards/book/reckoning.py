"""Reckoning: what the book adds up to, by kind, tier and age, written down once a day.

Counting reads the whole book, which takes longer as it grows; pages read what was counted last and
say when that was. While counting is quick, a page counts anew.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from foundation.doors import reading, writing
from foundation.jobs import Job, Summary
from foundation.once import put
from foundation.tables import Base, Id, Json, Moment, Number, new_id
from foundation.words import lazy
from ledger import ages, statements
from ledger.journal import commodities_of
from ledger.statements import TrialRow
from rewards import programme
from rewards.book import breakage
from rewards.book.breakage import Estimate
from rewards.commodities import in_order
from rewards.rules import Programme
from rewards.standing import tiers

#: A page may take this many milliseconds to count for itself.
QUICK = 50
EVERY = timedelta(days=1)
KINDS = ("issued", "pending", "available", "owed", "redeemed", "expired", "clawed_back")


class BookReckoning(Base):
    """What was counted on a day; counting again the same day replaces it."""

    __tablename__ = "book_reckoning"

    id: Mapped[Id] = mapped_column(primary_key=True)
    day: Mapped[str] = mapped_column(unique=True)  # "2026-03-03", UTC
    at: Mapped[Moment]
    milliseconds: Mapped[Number]
    document: Mapped[Json]


class Part(BaseModel):
    """A part of what was counted; read back as strictly as it was written."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Kind(Part):
    """All accounts of one kind and commodity together."""

    commodity: str
    kind: str
    accounts: int
    balance: int

    @property
    def debit(self) -> int:
        return max(-self.balance, 0)

    @property
    def credit(self) -> int:
        return max(self.balance, 0)


class Standing(Part):
    """What members of one tier have of one commodity, of one age. `age`: a place in ages.AGES."""

    commodity: str
    tier: str
    age: int
    available: int = 0
    pending: int = 0


class Matured(Part):
    """What breakage is estimated from, see ledger.ages."""

    commodity: str
    since: datetime
    earned: int
    taken_back: int
    spent: int


class Reckoning(Part):
    """Everything that was counted, at one moment."""

    at: datetime
    scales: dict[str, int]
    kinds: tuple[Kind, ...] = ()
    standing: tuple[Standing, ...] = ()
    matured: tuple[Matured, ...] = ()

    @property
    def commodities(self) -> list[str]:
        """What there is on accounts, in the order in which pages show it."""
        return in_order(each.commodity for each in self.kinds)

    def balance(self, commodity: str, kind: str) -> int:
        """What is on all accounts of a kind."""
        found = (x.balance for x in self.kinds if (x.commodity, x.kind) == (commodity, kind))
        return sum(found)

    def outstanding(self, commodity: str) -> tuple[int, int]:
        """What members may spend of it, and what is promised to them and on hold."""
        return self.balance(commodity, "available"), self.balance(commodity, "pending")

    def estimate(self, commodity: str) -> Estimate | None:
        """The breakage of a commodity; None where nobody has earned any."""
        found = next((each for each in self.matured if each.commodity == commodity), None)
        if found is None:
            return None
        return breakage.estimate(found.earned, found.taken_back, found.spent, found.since, self.at)


def count(session: Session, now: datetime) -> Reckoning:
    """Count the whole book, as of the one moment that a session of `reading()` sees."""
    return Reckoning(
        at=now,
        scales={each.code: each.scale for each in commodities_of(session)},
        kinds=tuple(
            Kind(commodity=row.commodity, kind=row.kind, accounts=row.accounts, balance=row.balance)
            for row in sorted(statements.trial_balance(session), key=_place)
        ),
        standing=tuple(_standing(session, now)),
        matured=tuple(
            Matured(
                commodity=each.commodity,
                since=each.since,
                earned=each.earned,
                taken_back=each.taken_back,
                spent=each.spent,
            )
            for each in ages.matured(session, now - breakage.HORIZON)
        ),
    )


def _place(row: TrialRow) -> tuple[str, int, str]:
    """Kinds in the order in which things go through them, those of other capabilities last."""
    place = KINDS.index(row.kind) if row.kind in KINDS else len(KINDS)
    return row.commodity, place, row.kind


def _standing(session: Session, now: datetime) -> list[Standing]:
    placed = _Tiers(session, programme.current(session), now)
    sums: dict[tuple[str, str, int], list[int]] = {}
    for each in ages.outstanding_by_age(session, now):
        found = sums.setdefault((each.commodity, placed.of(each.owner), each.age), [0, 0])
        found[0] += each.available
        found[1] += each.pending
    return [
        Standing(commodity=commodity, tier=tier, age=age, available=available, pending=pending)
        for (commodity, tier, age), (available, pending) in sorted(sums.items())
    ]


class _Tiers:
    """In which tier everybody is; before any programme, in none."""

    def __init__(self, session: Session, rules: Programme | None, now: datetime) -> None:
        self._rules = rules
        self._keys = tiers.tiers_of(session, rules, None, now) if rules else {}

    def of(self, owner: str) -> str:
        return self._keys.get(owner, self._rules.tiers[0].key) if self._rules else ""


def reckon(now: datetime) -> Reckoning:
    """Count, and write down what was counted."""
    started = time.perf_counter()
    with reading() as session:
        reckoned = count(session, now)
    milliseconds = round((time.perf_counter() - started) * 1000)
    with writing() as session:
        _keep(session, reckoned, milliseconds)
    return reckoned


def _keep(session: Session, reckoned: Reckoning, milliseconds: int) -> None:
    said: dict[str, Any] = {
        "at": reckoned.at,
        "milliseconds": milliseconds,
        "document": reckoned.model_dump(mode="json"),
    }
    row = {"id": new_id(reckoned.at), "day": f"{reckoned.at:%Y-%m-%d}"}
    put(session, BookReckoning, "day", row, said)


def present(now: datetime) -> Reckoning:
    """The book counted now, or as it was counted last when counting takes too long for a page."""
    with reading() as session:
        last = session.scalars(
            select(BookReckoning).order_by(BookReckoning.day.desc()).limit(1)
        ).first()
    if last is not None and last.milliseconds > QUICK:
        return Reckoning.model_validate(last.document)
    with reading() as session:
        return count(session, now)


def outstanding_by_day(session: Session, commodity: str, days: int = 90) -> list[tuple[str, int]]:
    """What was outstanding of a commodity on the last days it was counted, oldest first."""
    rows = session.execute(
        select(BookReckoning.day, BookReckoning.document)
        .order_by(BookReckoning.day.desc())
        .limit(days)
    ).all()
    found = []
    for day, document in reversed(rows):
        reckoned = Reckoning.model_validate(document)
        found.append((day, sum(reckoned.outstanding(commodity))))
    return found


def run(now: datetime) -> str:
    """Reckon; a sentence of what was counted."""
    reckoned = reckon(now)
    accounts = sum(each.accounts for each in reckoned.kinds)
    return Summary("Accounts counted: %(count)s", count=accounts)


JOB = Job("rewards.reckon", EVERY, run, lazy("Count what is outstanding"))
