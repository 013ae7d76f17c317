"""Up at once, down one step at an evaluation and after grace; the same however often it looks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rewards.first_programme import first_programme
from rewards.rules import Programme, Tier
from rewards.standing.climbing import (
    Place,
    Scale,
    Sheet,
    Step,
    catch_up,
    evaluate,
    lift,
    newcomer,
    tier_before,
)
from rewards.standing.rules import (
    ANSWERS,
    FOLDS,
    FRIENDS,
    KEPT,
    ORDERS,
    REVIEWS,
    SPENT,
    StandingRules,
    Weights,
)

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
INFLUENCE = Weights(duration=0, loyalty=0, reliability=0, influence=100)
TIERS = tuple(
    Tier(key=key, name={"en": key}, standing_min=least)
    for key, least in (("a", 0), ("b", 20), ("c", 40), ("d", 60))
)


def programme(days: int = 90, **changes: Any) -> Programme:
    standing = StandingRules(**({"weights": INFLUENCE, "grace_days": 10} | changes))
    return first_programme().model_copy(
        update={"standing": standing, "tiers": TIERS, "standing_window_days": days}
    )


class Life:
    """One member lived through, fact by fact; friends count 20 each."""

    def __init__(self, rules: Programme, *, tiers_only: bool = False) -> None:
        self.scale = Scale(rules, tiers_only=tiers_only)
        self.sheet = Sheet()
        self.place = newcomer(self.scale, START, START.toordinal())
        self.steps: list[Step] = []

    def hears(self, at: datetime, what: int = FRIENDS, amount: int = 1, days_ago: int = 0) -> None:
        self.waits(at)
        self.sheet.add(at.toordinal() - days_ago, what, amount)
        if what == ORDERS:
            self.sheet.customer_since(at.toordinal())
        if (step := lift(self.scale, self.sheet, self.place, at, at.toordinal())) is not None:
            self.steps.append(step)

    def waits(self, until: datetime) -> None:
        catch_up(self.scale, self.sheet, self.place, until.toordinal(), self.steps.append)

    @property
    def turns(self) -> list[tuple[str, str]]:
        return [(step.turn, step.after) for step in self.steps if step.turn != "moved"]


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def test_it_works() -> None:
    """Three friends lift to the top; when they leave the window she falls, step by step."""
    life = Life(programme())
    for _ in range(3):
        life.hears(day(0))
    assert life.place.tier == "d"
    life.waits(day(200))
    assert life.turns == [
        ("reached", "b"),
        ("reached", "c"),
        ("reached", "d"),
        ("grace", "d"),
        ("fell", "c"),
        ("grace", "c"),
        ("fell", "b"),
        ("grace", "b"),
        ("fell", "a"),
    ]


def test_falling_is_announced_so_many_days_before() -> None:
    life = Life(programme(grace_days=10))
    life.hears(day(0))
    life.waits(day(200))
    grace, fell = life.steps[-2:]
    assert grace.at.date() == date(2026, 1, 5) + timedelta(days=90)
    assert fell.at - grace.at == timedelta(days=10)
    assert grace.grace_until == fell.at.toordinal()


def test_who_comes_back_within_grace_keeps_her_tier() -> None:
    life = Life(programme())
    life.hears(day(0))
    life.hears(day(95))
    life.waits(day(150))
    assert [turn for turn, _tier in life.turns] == ["reached", "grace", "kept"]
    assert life.place.tier == "b"


def test_without_grace_it_is_still_one_step_a_night() -> None:
    life = Life(programme(grace_days=0))
    for _ in range(3):
        life.hears(day(0))
    life.waits(day(91))
    falls = [step for step in life.steps if step.turn == "fell"]
    assert [step.after for step in falls] == ["c", "b"]
    assert falls[1].at - falls[0].at == timedelta(days=1)


def test_a_refund_lowers_nobody_before_midnight() -> None:
    rules = programme(
        weights=Weights(duration=0, loyalty=0, reliability=100, influence=0), reliable_orders=1
    )
    life = Life(rules)
    life.hears(day(0), KEPT, 1_000)
    life.hears(day(0), ORDERS, 1)
    assert life.place.tier == "d"
    life.hears(day(1), KEPT, -1_000)
    assert (life.place.tier, life.place.measured.total) == ("d", 0)
    life.waits(day(2))
    assert life.turns[-1] == ("grace", "d")


def test_a_calendar_year_counts_to_its_end_and_is_evaluated_then() -> None:
    life = Life(programme(window="calendar_year"))
    life.hears(day(0))
    life.hears(day(0))
    life.waits(datetime(2026, 12, 31, 23, tzinfo=UTC))
    assert life.place.tier == "c"
    life.waits(datetime(2027, 1, 1, 1, tzinfo=UTC))
    assert (life.place.tier, life.place.measured.total) == (
        "c",
        0,
    )
    life.waits(datetime(2027, 12, 31, tzinfo=UTC))
    assert life.place.tier == "c"
    life.waits(datetime(2028, 1, 1, tzinfo=UTC))
    assert life.turns[-1] == ("grace", "c")
    life.waits(datetime(2028, 1, 11, tzinfo=UTC))
    assert life.turns[-1] == ("fell", "b")
    life.waits(datetime(2028, 12, 31, tzinfo=UTC))
    assert life.place.tier == "b"


def test_what_is_reached_in_an_instant_is_not_seen_in_it() -> None:
    life = Life(programme())
    life.hears(day(0))
    assert tier_before(life.place, day(0)) == "a"
    assert tier_before(life.place, day(0) + timedelta(microseconds=1)) == "b"


def test_a_tier_that_is_gone_gives_way_to_the_one_her_standing_reaches() -> None:
    scale = Scale(programme())
    sheet = Sheet()
    sheet.add(START.toordinal(), FRIENDS, 2)
    place = Place("gold", START, base="gold", look=START.toordinal() + 1)
    catch_up(scale, sheet, place, START.toordinal() + 1)
    assert place.tier == "c"


acts = st.lists(
    st.tuples(
        st.integers(0, 300),  # day
        st.sampled_from([0, 0, 0, 600]),  # minute: several of one instant are usual
        st.sampled_from([ORDERS, FRIENDS, ANSWERS, REVIEWS, KEPT, SPENT, FOLDS]),
        st.integers(0, 40),  # told so many days late
    ),
    max_size=40,
)


def amount_of(what: int) -> int:
    return {KEPT: -400, SPENT: 3_000, ORDERS: 1, FOLDS: 1}.get(what, 1)


def do(life: Life, act: tuple[int, int, int, int]) -> None:
    at, minute, what, late = act
    when = day(at) + timedelta(minutes=minute)
    if what == ORDERS:
        life.hears(when, KEPT, 1_000, late)
    life.hears(when, what, amount_of(what), late)


variants = st.sampled_from(
    [
        programme(),
        programme(grace_days=0),
        programme(weights=Weights()),
        programme(weights=Weights(), window="calendar_year"),
        programme(60, weights=Weights(duration=60, loyalty=20, reliability=20, influence=0)),
    ]
)


@given(variants, acts)
@settings(max_examples=100, deadline=None)
def test_never_down_by_more_than_one_step_nor_up_by_the_calendar_of_others(
    rules: Programme, history: list[tuple[int, int, int, int]]
) -> None:
    life = Life(rules)
    for act in sorted(history):
        do(life, act)
    life.waits(day(500))
    rank = life.scale.rank
    for step in life.steps:
        if not step.is_heard:
            assert rank[step.after] >= rank[step.before] - 1
        if step.turn == "fell" and not step.is_heard and not life.scale.is_yearly:
            assert step.measured.total < life.scale.least(step.before)
        if step.turn == "reached":
            assert step.measured.total >= life.scale.least(step.after)


@given(variants, acts)
@settings(max_examples=100, deadline=None)
def test_looking_every_night_gives_what_skipping_gives(
    rules: Programme, history: list[tuple[int, int, int, int]]
) -> None:
    """`next_look` skips only days on which an evaluation changes nothing."""
    lazy, nightly = Life(rules), Life(rules)
    seen = START.toordinal()
    for act in sorted(history):
        do(lazy, act)
        for today in range(seen + 1, day(act[0]).toordinal() + 1):
            step = evaluate(nightly.scale, nightly.sheet, nightly.place, today)
            if step is not None and step.turn != "moved":
                nightly.steps.append(step)
        seen = max(seen, day(act[0]).toordinal())
        nightly.place.look = 10**7
        do(nightly, act)
        nightly.place.look = 10**7
        assert (lazy.place.tier, lazy.place.grace_until) == (
            nightly.place.tier,
            nightly.place.grace_until,
        )
    assert lazy.turns == nightly.turns


@given(variants, acts)
@settings(max_examples=100, deadline=None)
def test_whoever_asks_for_tiers_only_gets_the_same(
    rules: Programme, history: list[tuple[int, int, int, int]]
) -> None:
    all_told, tiers_only = Life(rules), Life(rules, tiers_only=True)
    for act in sorted(history):
        for life in (all_told, tiers_only):
            do(life, act)
        assert all_told.place.measured == tiers_only.place.measured
    for life in (all_told, tiers_only):
        life.waits(day(900))
    assert all_told.turns == tiers_only.turns
    assert len(tiers_only.steps) <= len(all_told.steps)


@given(variants, acts, st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_order_of_what_happens_in_one_instant_is_nothing(
    rules: Programme, history: list[tuple[int, int, int, int]], dice: Any
) -> None:
    one, other = Life(rules), Life(rules)
    shuffled = list(history)
    dice.shuffle(shuffled)
    for act in sorted(history, key=lambda act: act[:2]):
        do(one, act)
    for act in sorted(shuffled, key=lambda act: act[:2]):
        do(other, act)
    for life in (one, other):
        life.waits(day(400))
    assert replace(one.place, since=START) == replace(other.place, since=START)
