"""Two-phase credits: hold, post, void, in parts, once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from foundation.doors import writing
from ledger import holds
from ledger.accounts import standings


def hold_for_ada(now: datetime, amount: int = 100, key: str = "grant:1") -> str:
    with writing() as session:
        made = holds.hold(
            session,
            owner="ada",
            commodity="points",
            amount=amount,
            key=key,
            until=now + timedelta(days=30),
            now=now,
            about="order:1",
            memo={"rule": "purchase"},
        )
    return made.id


def ada() -> dict[str, int]:
    with writing() as session:
        found = standings(session, "ada", "points")
    return {kind: standing.posted for kind, standing in found.items()}


def test_it_works(database: Any, now: datetime) -> None:
    held = hold_for_ada(now)
    assert ada() == {"pending": 100}
    with writing() as session:
        [posted] = holds.post(session, held, 60, key="post:1", now=now)
        voided = holds.void(session, held, key="void:1", now=now)
    assert (posted.kind, posted.amount) == ("post", 60)
    assert (voided.kind, voided.amount, voided.resolves) == ("void", 40, held)
    assert ada() == {"pending": 0, "available": 60}
