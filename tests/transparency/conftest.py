"""A log to test with, and its audit after each test."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

import app as application
from foundation.doors import reading, writing
from tests import conftest as root
from transparency import log
from transparency.models import Leaf


def review(text: str = "Smells of rain.") -> dict[str, Any]:
    return {"title": "My cup", "body": text, "stars": 4, "product": "jasmine-pearls"}


@pytest.fixture(autouse=True)
def no_room_speaks(monkeypatch: Any) -> None:
    """Nobody vouches for the made-up reviews of these tests unless a test says so."""
    monkeypatch.setattr(application, "WITNESSES", {})


@pytest.fixture
def unaudited(monkeypatch: Any) -> None:
    """For tests that break the log on purpose; ask for it before the database."""
    monkeypatch.setattr(root, "AUDITS", {})


@pytest.fixture
def published(database: Any, now: datetime) -> Callable[[int], list[Leaf]]:
    """Publish that many reviews, `review:0` the first."""

    def publish(count: int) -> list[Leaf]:
        drafts = [
            log.LeafDraft("review.published", f"review:{each}", review(f"Cup {each}"), f"ada{each}")
            for each in range(count)
        ]
        with writing() as session:
            return log.append_many(session, drafts, now)

    return publish


@pytest.fixture
def served() -> Any:
    """A witness for reviews that serves every one as published, unless told otherwise."""
    changed: dict[str, Any] = {}

    def witness(session: Any, subjects: Any) -> dict[str, Any]:
        return {
            each: changed.get(each, review(f"Cup {each.removeprefix('review:')}"))
            for each in subjects
        }

    witness.changed = changed  # type: ignore[attr-defined]
    return witness


@pytest.fixture
def look() -> Callable[[Callable[..., Any]], Any]:
    """Ask something in a reading session."""

    def ask(question: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        with reading() as session:
            return question(session, *args, **kwargs)

    return ask
