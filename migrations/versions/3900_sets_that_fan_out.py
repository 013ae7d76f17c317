"""The laws of sets on SQLite as sets_on_sqlite.py writes them now: those that fan out are quicker,
and the triggers of single balances and lots stand aside as those of entries do."""

from alembic import op

from migrations import lots_on_sqlite, sets_on_sqlite

revision = "3900"
down_revision = "3610"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        lots_on_sqlite.write_again()
        sets_on_sqlite.write_again()


def downgrade() -> None:
    """The laws are the same; the slower statements are not brought back."""
