"""The schema is what the models say, and every step goes up and down on a populated database."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect, pool, text

import app as application
from demo import loading
from foundation import clock, outbox, quick, schema
from foundation.doors import Database, database, reading
from foundation.settings import Settings
from foundation.tables import Base

#: What SQL alone can say (full-text search, sets of transfers), so that no model describes it.
OUTSIDE_THE_MODELS = {"search_words", "words", "ix_search_document_words"}
OUTSIDE_THE_MODELS |= {"ledger_draft", "ledger_set", "ledger_set_probe"}
#: Keys that PostgreSQL keeps by a trigger for each statement.
OUTSIDE_THE_MODELS |= {
    "fk_ledger_entry_transfer_ledger_transfer",
    "fk_ledger_balance_account_id_commodity_ledger_account",
}


def revisions(url: str) -> list[str]:
    """From the first to the newest."""
    found = ScriptDirectory.from_config(schema.config(url)).walk_revisions()
    return [script.revision for script in found][::-1]


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    url = Settings(database_url=database_url).url
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as opened:
        yield opened


def is_modelled(thing: object, name: str | None, kind: str, *_: object) -> bool:
    return name not in OUTSIDE_THE_MODELS and not str(name).startswith("search_words")


def test_the_migrated_schema_is_what_the_models_say(connection: Connection) -> None:
    context = MigrationContext.configure(
        connection, opts={"include_object": is_modelled, "compare_type": False}
    )
    assert compare_metadata(context, Base.metadata) == []


@pytest.fixture
def demo(settings: Settings, request: pytest.FixtureRequest) -> None:
    """The demo in the test's database."""
    if settings.url.startswith("sqlite"):
        shutil.copy(request.getfixturevalue("demo_file"), settings.url.removeprefix("sqlite:///"))
    application.wire(settings)
    if not settings.url.startswith("sqlite"):
        loading.load(clock.now())


def test_every_step_goes_down_and_up_again_on_the_demo(demo: None, settings: Settings) -> None:
    """One step down and up keeps what it does not own; then all the way to nothing and back."""
    with reading() as session:
        waiting = outbox.counts(session, clock.now()).get("waiting")
    assert not waiting, "letters of the past would be sent"
    quick.close()
    database().close()
    before = rows(settings.url)
    newest, last = revisions(settings.url)[-1], revisions(settings.url)[-2]
    schema.downgrade(settings.url, last)
    schema.upgrade(settings.url, newest)
    after = rows(settings.url)
    assert {name for name in before if before[name] != after[name]} <= tables_of_the_last_step()
    for revision in [*revisions(settings.url)[:-1][::-1], "base"]:
        schema.downgrade(settings.url, revision)
        assert broken(settings.url) == []
    assert leftovers(settings.url) == []
    for revision in revisions(settings.url):
        schema.upgrade(settings.url, revision)
    assert schema.is_current(settings.url)


def test_a_database_is_migrated_once(database: Database) -> None:
    assert schema.is_current(database.url)
    schema.upgrade(database.url)
    assert schema.is_current(database.url)


def tables_of_the_last_step() -> set[str]:
    return {"ledger_account_leaf", "ledger_leaf", "ledger_seal", "ledger_unsealed"}


def broken(url: str) -> list[object]:
    """Rows that refer to nothing (SQLite does not look while foreign keys are off)."""
    if not url.startswith("sqlite"):
        return []
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as opened:
        return list(opened.execute(text("PRAGMA foreign_key_check")))


def rows(url: str) -> dict[str, int]:
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as opened:
        return {
            name: opened.execute(text(f'select count(*) from "{name}"')).scalar_one()
            for name in Base.metadata.tables
        }


def leftovers(url: str) -> list[str]:
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as opened:
        names = inspect(opened).get_table_names()
    return [name for name in names if name != "alembic_version" and "sqlite" not in name]
