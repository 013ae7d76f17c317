"""The laws of sets on SQLite as sets_on_sqlite.py writes them now: running sums look at no peers,
and each draft is looked at once. And an entry's foreign key goes, as it went on PostgreSQL (3000):
the laws look its transfer up anyway, its side and its amount too, and no transfer is ever removed.

SQLite drops no constraint. What changes nothing in the rows may be changed in the table's own
words instead of writing millions of rows again (https://www.sqlite.org/lang_altertable.html,
section 8).
"""

import sqlalchemy as sa
from alembic import op

from migrations import sets_on_sqlite

revision = "3200"
down_revision = "3060"
branch_labels = None
depends_on = None

FOREIGN_KEY = (
    "CONSTRAINT fk_ledger_entry_transfer_ledger_transfer"
    " FOREIGN KEY(transfer) REFERENCES ledger_transfer (id)"
)
LAST = "CONSTRAINT ck_ledger_entry_whole_balance_after"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        sets_on_sqlite.write_again()
        _reword(f", \n\t{FOREIGN_KEY}", "")


def downgrade() -> None:
    """The laws of sets are the same; the slower statements are not brought back."""
    if op.get_bind().dialect.name == "sqlite":
        _reword(LAST, f"{FOREIGN_KEY}, \n\t{LAST}")


def _reword(before: str, after: str) -> None:
    """Say the table of entries in other words."""
    connection = op.get_bind()
    read = sa.text("select sql from sqlite_master where type = 'table' and name = 'ledger_entry'")
    words = connection.scalar(read)
    if before not in words:
        raise RuntimeError(f"the table of entries says no {before!r}")
    op.execute("pragma writable_schema = on")
    connection.execute(
        sa.text(
            "update sqlite_master set sql = :sql where type = 'table' and name = 'ledger_entry'"
        ),
        {"sql": words.replace(before, after)},
    )
    op.execute("pragma writable_schema = reset")
