"""Seals say of every account whose it is, of what and under which terms.

A transfer names its accounts by number, so a superuser could give away what is on one without a
trace, or lift its floor. The first seal from now on covers the accounts there are.
"""

import sqlalchemy as sa
from alembic import op

from foundation.tables import BigNumber
from migrations.guards import append_only, drop_append_only

revision = "3610"
down_revision = "3600"
branch_labels = None
depends_on = None

SEALED = ("ledger_leaf", "ledger_seal")


def upgrade() -> None:
    op.create_table(
        "ledger_account_leaf",
        sa.Column("number", BigNumber, primary_key=True, autoincrement=False),
        sa.Column("account", BigNumber, nullable=False, unique=True),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
    append_only("ledger_account_leaf")
    op.add_column(
        "ledger_seal", sa.Column("accounts", BigNumber, nullable=False, server_default=sa.text("0"))
    )


def downgrade() -> None:
    """Seals that say something of accounts are opened: their transfers wait to be sealed again."""
    for table in SEALED:
        drop_append_only(table)
    since = "(select coalesce(max(size), 0) from ledger_seal where accounts = 0)"
    op.execute(
        f"insert into ledger_unsealed select transfer from ledger_leaf where number > {since}"
    )
    op.execute(f"delete from ledger_leaf where number > {since}")
    op.execute("delete from ledger_seal where accounts > 0")
    op.drop_column("ledger_seal", "accounts")
    for table in SEALED:
        append_only(table)
    drop_append_only("ledger_account_leaf")
    op.drop_table("ledger_account_leaf")
