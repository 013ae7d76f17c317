"""The application's PostgreSQL role: everything the site does, nothing that rewrites the past."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError

import app as application
from foundation import doors, role_command, roles, schema
from foundation.doors import reading, writing
from foundation.refusal import Refused
from foundation.settings import Settings
from ledger import (
    bulk,
    clawbacks,
    earning,
    expiring,
    folding,
    holds,
    privileges,
    sealing,
    spending,
    statements,
    transfers,
)
from ledger.audit import audit
from tests.ledger.conftest import Book

NAME = "bellmouth_app"


@pytest.fixture
def database_url(postgresql_url: str) -> str:
    return postgresql_url


@pytest.fixture
def limited(settings: Settings, now: Any) -> Iterator[Book]:
    """The book, opened by the role; the tables belong to somebody else."""
    application.wire(settings)
    with doors.database().writer.begin() as connection:
        roles.grant(connection, NAME, privileges.KEPT)
    url = make_url(settings.url).set(username=NAME)
    doors.connect(url.render_as_string(hide_password=False))
    yield Book(now)
    with reading() as session:
        assert audit(session) == []
    doors.connect(settings.url)
    with doors.database().writer.begin() as connection:
        connection.exec_driver_sql(f"drop owned by {NAME}")
        connection.exec_driver_sql(f"drop role {NAME}")
    doors.database().close()


def test_it_works(limited: Book) -> None:
    """A whole life of the book: earn, hold, post, void, spend, reverse, claw back, expire, seal."""
    now, said = limited.now, {"owner": "ada", "commodity": "points", "now": limited.now}
    until, date = now + timedelta(days=14), now + timedelta(days=30)
    with writing() as session:
        given = earning.credit(session, amount=100, key="gift", expires_at=date, **said)
        held = holds.hold(session, amount=50, key="grant", until=until, **said)
    with writing() as session:
        bulk.post_many(session, [bulk.Resolution(held.id, "post", 30)], now)
        holds.void(session, held.id, key="void", now=now)
        spent = spending.spend(session, amount=40, key="tea", **said)
        transfers.reverse(session, spent.id, amount=10, key="back", now=now)
        clawbacks.claw_back(session, amount=20, key="claw", of=given[0].id, **said)
        folding.fold(session)
    drafts = [bulk.CreditDraft(f"m{n}", "points", 5, f"m{n}", expires_at=date) for n in range(30)]
    with writing() as session:
        bulk.credit_many(session, drafts, now)
    assert expiring.expire(date) == 31
    assert sealing.seal_all(now) > 0
    found = limited.balances()
    assert (found.available, found.spent, found.expired, found.clawed_back) == (30, 30, 50, 20)
    with reading() as session:
        assert sum(row.balance for row in statements.trial_balance(session)) == 0


REWRITING = [
    "update ledger_transfer set amount = 1",
    "delete from ledger_transfer",
    "truncate ledger_transfer cascade",
    "update ledger_entry set amount = 1",
    "insert into ledger_entry (transfer, side, account, amount) values ('x', 0, 1, 1)",
    "update ledger_balance set posted = 0",
    "update ledger_lot set remaining = 0",
    "insert into ledger_lot_use (transfer, side, expires_at, account, amount, remaining_after, seq)"
    " values ('x', 0, now(), 1, 1, 1, 1)",
    "update ledger_seal set size = 1",
    "delete from ledger_leaf",
    "update log_leaf set event = 'x'",
    "delete from fact",
    "update programme_version set note = ''",
    "alter table ledger_transfer disable trigger all",
    "drop trigger ledger_transfer_post on ledger_transfer",
    "create table mine (x int)",
    "set session_replication_role = replica",
]


def test_the_role_has_no_right_to_rewrite(limited: Book) -> None:
    limited.give(10)
    for statement in REWRITING:
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
            rewrite(statement)


def rewrite(statement: str) -> None:
    with writing() as session:
        session.execute(text(statement))


def test_every_append_only_table_is_so_for_the_role(limited: Book) -> None:
    with reading() as session:
        tables = session.execute(text(roles.APPEND_ONLY_TABLES)).scalars().all()
        assert {"fact", "ledger_transfer", "ledger_lot_use", "log_leaf"} <= set(tables)
        for table in tables:
            for act in ("update", "delete", "truncate"):
                asked = text(f"select has_table_privilege('{NAME}', '{table}', '{act}')")
                assert session.execute(asked).scalar_one() is False, (table, act)


def test_a_table_slipped_under_the_trigger_is_not_found(limited: Book) -> None:
    limited.give(5)
    limited.id("available", "ben")
    with writing() as session:
        session.execute(text("create temporary table ledger_entry (like ledger_entry)"))
        earning.credit(
            session, owner="ben", commodity="points", amount=10, key="x", now=limited.now
        )
        session.execute(text("drop table pg_temp.ledger_entry"))
    assert limited.balances("ben").available == 10


def test_the_site_sees_that_its_schema_is_current(limited: Book) -> None:
    url = doors.database().url
    assert schema.is_current(url)
    schema.upgrade(url)


def test_the_command_grants_what_is_needed(settings: Settings) -> None:
    application.wire(settings)
    command = role_command.commands(privileges.KEPT)
    shown = CliRunner().invoke(command, ["grant-role", NAME])
    assert shown.exit_code == 0, shown.output
    assert "can only be added to" in shown.output
    with doors.database().writer.begin() as connection:
        connection.exec_driver_sql(f"drop owned by {NAME}")
        connection.exec_driver_sql(f"drop role {NAME}")
    doors.database().close()


def test_the_command_needs_postgresql(sqlite_url: str) -> None:
    doors.connect(sqlite_url)
    shown = CliRunner().invoke(role_command.commands(privileges.KEPT), ["grant-role", NAME])
    assert isinstance(shown.exception, Refused)
