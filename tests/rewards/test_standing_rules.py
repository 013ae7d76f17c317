"""Standing is arithmetic on what people did: bounded, explainable, blind to stars and points."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.first_programme import first_programme
from rewards.standing import explaining
from rewards.standing.climbing import Sheet
from rewards.standing.rules import (
    COMPONENTS,
    KEPT,
    KINDS,
    NAMES,
    ORDERS,
    SPENT,
    StandingRules,
    Weights,
    counted,
    measure,
    objections,
    rises_on,
)

RULES = StandingRules()
DAY = 740_000


def sums(**counts: int) -> list[int]:
    """Counters by name; `orders` are kept unless `kept` says otherwise."""
    kept = {"kept": counts.get("orders", 0) * 1_000} | counts
    return [kept.get(name, 0) for name in NAMES]


@st.composite
def rules(draw: Any) -> StandingRules:
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=3, max_size=3)))
    shares = [b - a for a, b in zip([0, *cuts], [*cuts, 100], strict=True)]
    return StandingRules(
        weights=Weights(**dict(zip(COMPONENTS, shares, strict=True))),
        full_days=draw(st.integers(1, 3_000)),
        full_orders=draw(st.integers(1, 30)),
        full_spend=draw(st.integers(1, 10**6)),
        reliable_orders=draw(st.integers(1, 10)),
        fold_costs=draw(st.integers(0, 100)),
        friend_counts=draw(st.integers(0, 100)),
        answer_counts=draw(st.integers(0, 100)),
        review_counts=draw(st.integers(0, 100)),
    )


counters = st.fixed_dictionaries(
    {
        "orders": st.integers(0, 60),
        "kept": st.integers(-3_000, 60_000),
        "spent": st.integers(-10_000, 10**7),
        "friends": st.integers(0, 20),
        "answers": st.integers(0, 50),
        "reviews": st.integers(0, 50),
        "folds": st.integers(-3, 20),
    }
)


def test_it_works() -> None:
    """Half a year a customer, four orders of 40, one of them half given back, one friend."""
    did = sums(orders=4, kept=3_500, spent=14_000, friends=1, reviews=2)
    measured = measure(RULES, did, DAY - 182, DAY)
    assert measured.duration == 24  # 182 of 730 days
    assert measured.loyalty == (43 + 35) // 2  # 3.5 of 8 orders, 140 of 400
    assert measured.reliability == 87  # 3.5 of 4 orders kept
    assert measured.influence == 28  # 20 + 2 × 4
    assert measured.total == (20 * 24 + 30 * 39 + 15 * 87 + 35 * 28) // 100


def test_nobody_has_no_standing() -> None:
    assert measure(RULES, sums(), None, DAY).total == 0


@given(rules(), counters, st.integers(0, 4_000))
def test_standing_and_its_components_are_between_0_and_100(
    programme: StandingRules, did: dict[str, int], days: int
) -> None:
    measured = measure(programme, sums(**did), DAY - days, DAY)
    assert all(0 <= each <= 100 for each in measured)


@given(rules(), counters, st.integers(0, 4_000), st.integers(1, 10**6))
def test_a_kept_order_never_lowers_standing(
    programme: StandingRules, did: dict[str, int], days: int, total: int
) -> None:
    before = sums(**did)
    after = list(before)
    for what, amount in counted("order.paid", {"total": total, "currency": "USD"}):
        after[what] += amount
    since = DAY - days
    was, now = measure(programme, before, since, DAY), measure(programme, after, since, DAY)
    assert all(b >= a for a, b in zip(was, now, strict=True))


@given(rules(), counters, st.sampled_from(["friends", "answers", "reviews"]))
def test_what_helps_others_never_lowers_standing(
    programme: StandingRules, did: dict[str, int], what: str
) -> None:
    more = did | {what: did[what] + 1}
    was = measure(programme, sums(**did), DAY - 9, DAY)
    assert measure(programme, sums(**more), DAY - 9, DAY).total >= was.total


@given(rules(), counters, st.integers(0, 3_000), st.integers(0, 3_000))
def test_time_alone_never_lowers_standing(
    programme: StandingRules, did: dict[str, int], days: int, more: int
) -> None:
    since = DAY - days
    was = measure(programme, sums(**did), since, DAY)
    assert measure(programme, sums(**did), since, DAY + more).total >= was.total


@given(rules(), counters, st.integers(0, 3_000), st.integers(1, 100))
def test_the_day_on_which_time_lifts_standing_is_the_first_one(
    programme: StandingRules, did: dict[str, int], days: int, more: int
) -> None:
    since, did_sums = DAY - days, sums(**did)
    now = measure(programme, did_sums, since, DAY)
    target = now.total + more
    day = rises_on(programme, now, since, target)
    if day is None:
        assert measure(programme, did_sums, since, DAY + 36_500).total < target
    else:
        assert day > DAY
        assert measure(programme, did_sums, since, day).total >= target
        assert measure(programme, did_sums, since, day - 1).total < target


@given(st.integers(1, 5), st.text(max_size=20), st.integers(0, 10**6))
def test_one_star_stands_like_five(stars: int, words: str, points: int) -> None:
    """Nothing about praise or points can move a counter."""
    bare: dict[str, Any] = {"verified": True, "product": "p"}
    loud = bare | {"stars": stars, "rating": stars, "body": words, "points": points}
    assert counted("review.published", loud) == counted("review.published", bare)


def test_points_and_stars_are_no_counters() -> None:
    assert not [kind for kind in KINDS if kind.startswith("reward.")]
    assert not [name for name in StandingRules.model_fields if "star" in name or "point" in name]


@given(total=st.integers(1, 10**7), parts=st.lists(st.integers(1, 10**6), min_size=1, max_size=8))
def test_partial_refunds_take_an_order_back_once(total: int, parts: list[int]) -> None:
    so_far, left = 0, dict.fromkeys((ORDERS, KEPT, SPENT), 0)
    for what, amount in counted("order.paid", {"total": total}):
        left[what] += amount
    for part in [*parts, total]:
        amount = min(part, total - so_far)
        so_far += amount
        details = {"total": total, "amount": amount, "refunded_total": so_far}
        for what, delta in counted("order.refunded", details):
            left[what] += delta
        assert 0 <= left[KEPT] <= 1_000
    assert left == {ORDERS: 1, KEPT: 0, SPENT: 0}


@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.integers(0, len(NAMES) - 1), st.integers(-50, 50)),
        max_size=40,
    ),
    st.lists(st.integers(0, 500), max_size=10),
    st.integers(30, 365),
)
def test_a_sheet_counts_what_the_window_looks_at(
    entries: list[tuple[int, int, int]], days: list[int], window: int
) -> None:
    """Whatever the order in which things are told, sliding gives the plain sum over the window."""
    sheet, told = Sheet(), list[tuple[int, int, int]]()
    for number, today in enumerate(sorted(days)):
        for entry in entries[number::10]:
            sheet.add(*entry)
            told.append(entry)
        first = today - window + 1
        sheet.slide(first)
        plain = [0] * len(NAMES)
        for day, what, amount in told:
            if day >= first:
                plain[what] += amount
        assert sheet.sums == plain


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"weights": Weights(duration=10)}, "standing-influence"),
        (
            {"friend_counts": 0, "answer_counts": 0, "review_counts": 0},
            "standing-friend_counts",
        ),
    ],
)
def test_what_cannot_be_published_is_said_at_its_field(changes: Any, field: str) -> None:
    assert [each.field for each in objections(RULES.model_copy(update=changes))] == [field]
    assert list(objections(RULES)) == list(objections(None)) == []


def test_every_component_says_what_adds_to_it_or_that_nothing_can() -> None:
    """Also where one order adds nothing: it says how many do, and what a restored post gives."""
    rules = first_programme()
    assert rules.standing is not None
    did = sums(orders=5, kept=4_750, spent=25_050, friends=5, reviews=3, folds=1)
    sheet = Sheet(since=DAY - 238, sums=did)
    measured = measure(rules.standing, did, sheet.since, DAY)
    mine = explaining.mine(rules, sheet, measured, DAY)
    gains = {each.key: each.gains for each in mine}
    assert gains["reliability"] == ("2 orders of $50.10: +1", "1 folded post restored: +20")
    assert all(gains[each.key] for each in mine if each.value < 100)
    assert gains["influence"] == ()
