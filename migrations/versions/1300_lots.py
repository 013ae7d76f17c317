"""Expiry: what becomes available carries a date, and is spent soonest date first. And seals.

A lot is what one account has with one date; what has no date never expires, stands in no lot and is
spent last. So nothing has to be filled in for the balances there are, and whoever gives nothing
that expires writes nothing more than before.
"""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import sqlalchemy as sa
from alembic import op

from foundation.tables import BigNumber, IdText, UtcMoment
from migrations import lots_on_postgresql, lots_on_sqlite, seals, sets_on_sqlite
from migrations.guards import append_only, drop_append_only

revision = "1300"
down_revision = "1200"
branch_labels = None
depends_on = None

EXPIRING = "expiring >= 0 and (expiring = 0 or (lots and expiring <= posted))"
TRACKED = (
    "update ledger_balance set lots = true where account_id in"
    " (select id from ledger_account where kind = 'available' and owner is not null)"
)


def upgrade() -> None:
    op.add_column("ledger_transfer", sa.Column("expires_at", UtcMoment))
    op.add_column("ledger_transfer", sa.Column("takes", IdText))
    op.add_column("ledger_entry", sa.Column("expiring_after", BigNumber))
    op.add_column(
        "ledger_balance",
        sa.Column("lots", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    _create_lots()
    if op.get_bind().dialect.name == "postgresql":
        _upgrade_postgresql()
    else:
        _upgrade_sqlite()
    append_only("ledger_lot_use")
    seals.create()


def downgrade() -> None:
    seals.drop()
    drop_append_only("ledger_lot_use")
    if op.get_bind().dialect.name == "postgresql":
        _downgrade_postgresql()
    else:
        _downgrade_sqlite()
    op.drop_table("ledger_lot_use")
    op.drop_table("ledger_lot")
    for table, column in (
        ("ledger_balance", "expiring"),
        ("ledger_balance", "lots"),
        ("ledger_entry", "expiring_after"),
        ("ledger_transfer", "takes"),
        ("ledger_transfer", "expires_at"),
    ):
        op.drop_column(table, column)
    laws = _before()
    if op.get_bind().dialect.name == "postgresql":
        for law in _named(laws.POSTGRESQL, lots_on_postgresql.REPLACED):
            op.execute(law)
    else:
        for law in _named(laws.SQLITE, [f"trigger {n}" for n in lots_on_sqlite.REPLACED]):
            op.execute(law)


def _create_lots() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    op.create_table(
        "ledger_lot",
        sa.Column("account", BigNumber, primary_key=True, autoincrement=False),
        sa.Column("expires_at", UtcMoment, primary_key=True),
        sa.Column("remaining", BigNumber, nullable=False, server_default=sa.text("0")),
        sa.Column("seq", BigNumber, nullable=False, server_default=sa.text("0")),
        sa.CheckConstraint("remaining >= 0", name="remaining"),
        *_whole_numbers("remaining", "seq", on_sqlite=on_sqlite),
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": 80},
    )
    for name, columns in (("open", ["account", "expires_at"]), ("due", ["expires_at", "account"])):
        op.create_index(
            f"ix_ledger_lot_{name}",
            "ledger_lot",
            columns,
            sqlite_where=sa.text("remaining > 0"),
            postgresql_where=sa.text("remaining > 0"),
        )
    op.create_table(
        "ledger_lot_use",
        sa.Column("transfer", IdText, primary_key=True),
        sa.Column("side", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("expires_at", UtcMoment, primary_key=True),
        sa.Column("account", BigNumber, nullable=False),
        sa.Column("amount", BigNumber, nullable=False),
        sa.Column("remaining_after", BigNumber, nullable=False),
        sa.Column("seq", BigNumber, nullable=False),
        sa.UniqueConstraint("account", "expires_at", "seq"),
        sa.CheckConstraint("amount <> 0", name="amount"),
        sa.CheckConstraint("remaining_after >= 0", name="remaining_after"),
        *_whole_numbers("amount", "remaining_after", "seq", on_sqlite=on_sqlite),
        sqlite_with_rowid=False,
    )


def _whole_numbers(*columns: str, on_sqlite: bool) -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint(f"typeof({column}) = 'integer'", name=f"whole_{column}")
        for column in columns
        if on_sqlite
    ]


def _upgrade_postgresql() -> None:
    op.execute(
        "alter table ledger_balance add column expiring bigint not null default 0,"
        f" add constraint ck_ledger_balance_expiring check ({EXPIRING})"
    )
    op.execute("alter table ledger_balance disable trigger ledger_balance_move")
    op.execute(TRACKED)
    op.execute("alter table ledger_balance enable trigger ledger_balance_move")
    op.execute("drop trigger ledger_transfer_post on ledger_transfer")
    for law in lots_on_postgresql.LAWS:
        op.execute(law.replace("create function", "create or replace function", 1))
    lots_on_postgresql.give_rights()


def _downgrade_postgresql() -> None:
    for function in lots_on_postgresql.WITH_RIGHTS:
        op.execute(f"alter function {function} security invoker")
        op.execute(f"alter function {function} reset all")
    op.execute("drop trigger ledger_transfer_post on ledger_transfer")
    for function in lots_on_postgresql.FUNCTIONS:
        op.execute(f"drop function {function} cascade")


def _upgrade_sqlite() -> None:
    for name in lots_on_sqlite.REPLACED:
        op.execute(f"drop trigger {name}")
    op.execute(
        "alter table ledger_balance add column expiring integer not null default 0"
        " constraint ck_ledger_balance_whole_expiring check (typeof(expiring) = 'integer')"
        f" constraint ck_ledger_balance_expiring check ({EXPIRING})"
    )
    op.execute(TRACKED)
    for law in (*sets_on_sqlite.TABLES.values(), *lots_on_sqlite.LAWS, *sets_on_sqlite.LAWS):
        op.execute(law)


def _downgrade_sqlite() -> None:
    for name in lots_on_sqlite.TRIGGERS:
        op.execute(f"drop trigger {name}")
    for name in lots_on_sqlite.VIEWS:
        op.execute(f"drop view {name}")
    for table in sets_on_sqlite.TABLES:
        op.execute(f"drop table {table}")


def _before() -> ModuleType:
    """The laws as migration 0300 has them."""
    spec = spec_from_file_location("ledger_0300", Path(__file__).with_name("0300_ledger.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _named(laws: list[str], names: list[str] | tuple[str, ...]) -> list[str]:
    """Those of `laws` that create one of `names`; functions replace what is there."""
    wanted = tuple(f"create {name}" for name in names)
    return [
        law.replace("create function", "create or replace function", 1)
        for law in laws
        if law.startswith(wanted)
    ]
