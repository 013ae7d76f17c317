"""The liability: what members may still claim, by tier and by age, and how much of it is expected
to be claimed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from foundation.sheets import Cell, as_csv
from foundation.words import _, text_in
from ledger.ages import AGES
from ledger.journal import moment
from rewards import programme
from rewards.book import reckoning
from rewards.book.amounts import plain
from rewards.book.breakage import Estimate
from rewards.book.reckoning import Reckoning
from rewards.catalogue import queries as catalogue
from rewards.commodities import GOOD, PAPER, PERK, key_in
from rewards.programme import Version
from rewards.rules import POINTS, Programme
from rewards.topups import queries as topups
from rewards.vouchers import queries as vouchers

COLUMNS = ("commodity", "tier", "age_days", "available", "pending", "counted_at")


@dataclass(frozen=True)
class Row:
    """One line of a table: a tier or an age."""

    label: str
    available: int
    pending: int

    @property
    def outstanding(self) -> int:
        return self.available + self.pending


@dataclass(frozen=True)
class Liability:
    """Everything outstanding of one commodity; `worth` in minor units of the programme's currency,
    None for what no item of the catalogue takes."""

    commodity: str
    scale: int
    reckoned: Reckoning
    available: int
    pending: int
    owed: int
    by_tier: Sequence[Row]
    by_age: Sequence[Row]
    estimate: Estimate | None
    days: Sequence[tuple[str, int]]
    version: Version | None
    worth: int | None
    paid_in: Mapping[str, int]  # for what was prepaid and is not used: minor units by currency
    # Of goods not handed over yet, and of uses of vouchers that are left: minor units by currency.
    value: Mapping[str, int]

    @property
    def outstanding(self) -> int:
        return self.available + self.pending

    @property
    def never_spent(self) -> int:
        """Of what is outstanding, how much is expected never to be spent."""
        return self.estimate.never_spent(self.outstanding) if self.estimate else 0

    @property
    def is_estimated(self) -> bool:
        """Whether part of it may never be claimed: goods are fetched, the others only last."""
        return key_in(self.commodity, GOOD, PERK, PAPER) is None

    @property
    def is_countable(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.outstanding or self.owed)


def read(session: Session, reckoned: Reckoning, commodity: str | None) -> Liability:
    """The liability of a commodity as it was reckoned; of points, or the first one, without."""
    known = reckoned.commodities
    code = commodity if commodity in known else (known[0] if known else POINTS)
    version = programme.latest(session)
    rules = version.rules if version else None
    available, pending = reckoned.outstanding(code)
    return Liability(
        commodity=code,
        scale=reckoned.scales.get(code, 0),
        reckoned=reckoned,
        available=available,
        pending=pending,
        owed=-reckoned.balance(code, "owed"),
        by_tier=_by_tier(reckoned, code, rules),
        by_age=_by_age(reckoned, code),
        estimate=reckoned.estimate(code),
        days=reckoning.outstanding_by_day(session, code),
        version=version,
        worth=worth_of(rules, available + pending) if rules and code == POINTS else None,
        paid_in=topups.paid_in_for(session, code, reckoned.at),
        value=catalogue.value_promised(session, code)
        | vouchers.worth_left(session, code, reckoned.at),
    )


def _by_tier(reckoned: Reckoning, commodity: str, rules: Programme | None) -> list[Row]:
    names = {tier.key: text_in(tier.name) for tier in rules.tiers} if rules else {}
    counted = {each.tier for each in reckoned.standing if each.commodity == commodity}
    rows = []
    for key in [*names, *sorted(counted - set(names))]:
        its = [x for x in reckoned.standing if (x.commodity, x.tier) == (commodity, key)]
        name = names.get(key, key) or _("Everybody")
        rows.append(Row(name, sum(x.available for x in its), sum(x.pending for x in its)))
    return rows


def _by_age(reckoned: Reckoning, commodity: str) -> list[Row]:
    rows = []
    for place, label in enumerate(ages()):
        its = [x for x in reckoned.standing if (x.commodity, x.age) == (commodity, place)]
        rows.append(Row(label, sum(x.available for x in its), sum(x.pending for x in its)))
    return rows


def ages() -> list[str]:
    """The names of the ages, youngest first."""
    spans = [_("%(days)s days", days=span) for span in _spans()]
    return [*spans, _("more than %(days)s days", days=AGES[-1])]


def _spans() -> list[str]:
    first = [0, *(last + 1 for last in AGES[:-1])]
    return [f"{start}–{last}" for start, last in zip(first, AGES, strict=True)]


def worth_of(rules: Programme, points: int) -> int | None:
    """What all points are worth if everybody spends them on the item that gives most for them."""
    worths = [
        points * item.value * item.uses // item.cost
        for item in rules.catalogue
        if item.currency == rules.currency and item.cost
    ]
    return max(worths, default=None)


def csv_pieces(reckoned: Reckoning) -> Iterator[str]:
    """By commodity, tier and age as CSV; columns as docs/book.md describes them."""
    names = [*(span.replace("–", "-") for span in _spans()), f">{AGES[-1]}"]
    return as_csv(COLUMNS, (_cells(reckoned, each, names) for each in reckoned.standing))


def _cells(reckoned: Reckoning, each: reckoning.Standing, names: Sequence[str]) -> list[Cell]:
    scale = reckoned.scales[each.commodity]
    return [
        each.commodity,
        each.tier,
        names[each.age],
        plain(each.available, scale),
        plain(each.pending, scale),
        moment(reckoned.at),
    ]


def day_of(text: str) -> date:
    """The day of a reckoning as a calendar day, for labels."""
    return date.fromisoformat(text)
