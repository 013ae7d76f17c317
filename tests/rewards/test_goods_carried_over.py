"""Migration 2950 with what was given before the book held it: carried over once, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, pool, text

import app as application
from foundation import clock, quick, schema
from foundation.doors import database, reading, writing
from foundation.settings import Settings
from ledger import expiring, statements
from tests import conftest, people

DAY = "2026-03-0{} 12:00:00+00:00"

#: Kind, and where its steps led day by day.
ORDERS = {
    "waits": ("goods", ["ordered", "taken"]),
    "there": ("goods", ["ordered", "taken", "sent", "done"]),
    "lost": ("preorder", ["ordered", "taken", "sent", "refunded"]),
    "never": ("service", ["ordered", "cancelled"]),
    "booked": ("experience", ["ordered", "taken", "sent"]),
    "missed": ("experience", ["ordered", "taken", "sent", "refunded"]),
}
#: The last day, and the one on which it was taken back.
PERKS = {"lasts": (None, None), "ended": (3, None), "revoked": (8, 4), "late": (3, 5)}


@pytest.fixture
def past(database_url: str, settings: Settings) -> Iterator[Settings]:
    """A house of before this step, in which Ben had one of everything."""
    application.wire(settings)
    with writing() as session:
        ben, olga = people.ben(session).id, people.olga(session).id
    quick.close()
    database().close()
    schema.downgrade(settings.url, "2800")
    engine = create_engine(settings.url, poolclass=pool.NullPool)
    _live(engine, ben, olga)
    yield settings
    quick.close()
    database().close()


def _live(engine: Engine, ben: str, olga: str) -> None:
    with engine.begin() as opened:
        sqlite = engine.dialect.name == "sqlite"

        def day(number: int | None) -> str | None:
            said = DAY.format(number) if number else None
            return said[:19] if said and sqlite else said

        def put(table: str, **values: Any) -> None:
            names = ", ".join(values)
            marks = ", ".join(f":{name}" for name in values)
            opened.execute(text(f"insert into {table} ({names}) values ({marks})"), values)

        same = {"item": "cup", "version": 1, "cost": 100, "occasion": "", "address": "", "note": ""}
        for key, (kind, states) in ORDERS.items():
            row = {"id": key, "member_id": ben, "request_key": key, "at": day(1), "stock": "none"}
            put("redemption", **row, **same, kind=kind, state=states[-1])
            for number, state in enumerate(states, start=1):
                step = {"id": f"{key}{number}", "redemption_id": key, "step": "x", "text": ""}
                put("redemption_step", **step, state=state, by_id=olga, at=day(number))
        for key, (ends, revoked) in PERKS.items():
            row = {"id": key, "member_id": ben, "perk": "tea", "reason": "So.", "version": 1}
            put("entitlement", **row, granted_at=day(1), ends_at=day(ends), revoked_at=day(revoked))
        for key in ("open", "closed"):
            row = {"id": key, "title": "{}", "body": "{}", "body_html": "{}", "is_listed": True}
            row |= {"markdown_version": 1, "created_by": olga}
            put("paper", **row, opens_at=day(1), created_at=day(1), changed_at=day(1))
            put("paper_guest", paper_id=key, member_id=ben, by_id=olga, at=day(2))
        row = {"id": "end", "paper_id": "closed", "reason": "So.", "by_id": olga, "at": day(3)}
        put("paper_revocation", **row)


def _numbers() -> dict[str, tuple[int, ...]]:
    with reading() as session:
        found = statements.balances_by_owner(session, "")
        return {
            code: (each.pending, each.available, each.spent, each.expired, each.clawed_back)
            for (_owner, code), each in found.items()
        }


def test_it_is_carried_over_once(past: Settings) -> None:
    for _again in range(2):
        schema.upgrade(past.url)
        application.wire(past)
        expiring.run(clock.now())
        assert _numbers() == {
            "good:cup": (2, 0, 1, 0, 1),
            "perk:tea": (0, 1, 0, 2, 1),
            "paper:open": (0, 1, 0, 0, 0),
        }
        conftest.audit()
        quick.close()
        database().close()
        schema.downgrade(past.url, "2800")
    schema.upgrade(past.url)
    application.wire(past)


def test_papers_that_were_closed_and_opened_a_step_below_are_so_in_the_book(past: Settings) -> None:
    def below(statement: str) -> None:
        quick.close()
        database().close()
        schema.downgrade(past.url, "2800")
        engine = create_engine(past.url, poolclass=pool.NullPool)
        with engine.begin() as opened:
            opened.execute(text(statement))

    def above() -> dict[str, tuple[int, ...]]:
        schema.upgrade(past.url)
        application.wire(past)
        expiring.run(clock.now())
        conftest.audit()
        return {code: found for code, found in _numbers().items() if code.startswith("paper:")}

    assert above() == {"paper:open": (0, 1, 0, 0, 0)}
    below("update paper_revocation set paper_id = 'open'")
    assert above() == {"paper:open": (0, 0, 0, 0, 1), "paper:closed": (0, 1, 0, 0, 0)}
    below("update paper_revocation set lifted_at = at")
    assert above()["paper:open"] == (0, 1, 0, 0, 1)
    below("delete from paper_guest")
    assert above() == {"paper:open": (0, 0, 0, 0, 2), "paper:closed": (0, 0, 0, 0, 1)}
