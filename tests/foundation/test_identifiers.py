"""Public identifiers: ordered by time, one by one and in sets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from foundation.tables import ALPHABET, new_id, new_ids

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


def number_of(identifier: str) -> int:
    number = 0
    for letter in identifier:
        number = number << 5 | ALPHABET.index(letter)
    return number


def is_uuid_of(number: int, moment: datetime) -> bool:
    """RFC 9562, section 5.7: 48 bits of milliseconds, version 7, variant 10."""
    milliseconds = int(moment.timestamp() * 1000)
    return (number >> 80, number >> 76 & 15, number >> 62 & 3) == (milliseconds, 7, 2)


def test_it_works() -> None:
    assert is_uuid_of(number_of(new_id(NOW)), NOW)
    assert new_id(NOW) != new_id(NOW)
    assert new_id(NOW) < new_id(NOW + timedelta(milliseconds=1))


def test_a_set_rises_by_steps_nobody_knows_within_its_millisecond() -> None:
    made = new_ids(NOW, 50_000)
    numbers = [number_of(each) for each in made]
    steps = {after - before for before, after in pairwise(numbers)}
    assert made == sorted(made)
    assert {len(each) for each in made} == {26}
    assert all(is_uuid_of(each, NOW) for each in (numbers[0], numbers[-1]))
    assert min(steps) > 0
    assert len(steps) > 49_000
    assert max(steps) > 1 << 31


def test_two_sets_of_one_moment_begin_anywhere() -> None:
    assert len({new_ids(NOW, 1)[0][:20] for _ in range(50)}) == 50


def test_a_set_of_none_is_empty() -> None:
    assert new_ids(NOW, 0) == []
