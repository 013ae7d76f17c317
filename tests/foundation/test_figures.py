"""Figures are counted for the reader while that is quick, and kept once it is not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from foundation import figures
from foundation.doors import Database, writing


class Cups:
    """Something to count that grows by one whenever it is counted."""

    def __init__(self) -> None:
        self.seen = 0

    def count(self, session: Any, now: datetime) -> dict[str, Any]:
        self.seen += 1
        return {"cups": self.seen}


def test_what_is_quick_is_counted_for_every_reader(database: Database, now: datetime) -> None:
    cups = Cups()
    for seen in (1, 2):
        found = figures.counted("cups", cups.count, now)
        assert (found.document, found.at) == ({"cups": seen}, None)


def test_what_takes_long_is_kept_and_counted_anew_by_the_job(
    database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "QUICK", -1)
    cups = Cups()
    figures.counted("cups", cups.count, now)
    later = now + timedelta(hours=23)
    found = figures.counted("cups", cups.count, later)
    assert (found.document, found.at) == ({"cups": 1}, now)
    assert figures.job({"cups": cups.count}).run(later) == "Figures counted: 1"
    assert figures.counted("cups", cups.count, later).document == {"cups": 2}


def test_what_nobody_counted_for_a_day_is_counted_for_the_reader(
    database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "QUICK", -1)
    cups = Cups()
    figures.counted("cups", cups.count, now)
    found = figures.counted("cups", cups.count, now + timedelta(days=1))
    assert (found.document, found.at) == ({"cups": 2}, None)


def test_what_became_quick_is_counted_for_every_reader_again(
    database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    cups = Cups()
    monkeypatch.setattr(figures, "QUICK", -1)
    figures.counted("cups", cups.count, now)
    monkeypatch.setattr(figures, "QUICK", 10_000)
    assert figures.counted("cups", cups.count, now).document == {"cups": 2}


def test_what_holds_no_more_is_forgotten(
    database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "QUICK", -1)
    cups = Cups()
    figures.counted("cups", cups.count, now)
    with writing() as session:
        figures.forget(session, "cups", now)
    assert figures.counted("cups", cups.count, now).document == {"cups": 2}


@pytest.mark.parametrize("kept", [0, 1])
def test_what_is_forgotten_while_it_is_counted_is_not_kept(
    database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    monkeypatch.setattr(figures, "QUICK", -1)
    cups = Cups()

    def slowly(session: Any, now: datetime) -> dict[str, Any]:
        counted = cups.count(session, now)
        with writing() as meanwhile:
            figures.forget(meanwhile, "cups", now)
        return counted

    for _ in range(kept):
        figures.counted("cups", cups.count, now)
    later = now + timedelta(days=1)
    figures.counted("cups", slowly, later)
    assert figures.counted("cups", cups.count, later).document == {"cups": kept + 2}
