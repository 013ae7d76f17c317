"""What will never be claimed: estimated from what past cohorts did, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rewards.book import breakage

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=1_000)


def test_it_works() -> None:
    found = breakage.estimate(1_000, 200, 600, LONG_AGO, NOW)
    assert found.rate == 0.25
    assert found.never_spent(1_001) == 250  # rounded down: rather owe more


def test_a_short_history_says_from_when_on() -> None:
    since = NOW - timedelta(days=454)
    found = breakage.estimate(1_000, 0, 0, since, NOW)
    assert found.rate is None
    assert found.never_spent(1_000) == 0
    assert found.possible_from == NOW + timedelta(days=1)
    assert breakage.estimate(1_000, 0, 0, since, NOW + timedelta(days=1)).rate == 1


@pytest.mark.parametrize(("earned", "taken_back"), [(0, 0), (50, 50)])
def test_nothing_kept_gives_no_rate(earned: int, taken_back: int) -> None:
    assert breakage.estimate(earned, taken_back, 0, LONG_AGO, NOW).rate is None


def test_who_spends_everything_leaves_nothing() -> None:
    found = breakage.estimate(10, 0, 10, LONG_AGO, NOW)
    assert found.rate == 0
    assert found.never_spent(99) == 0
