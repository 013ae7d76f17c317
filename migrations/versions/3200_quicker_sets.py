"""The laws of sets on SQLite as sets_on_sqlite.py writes them now: running sums look at no peers,
and each draft is looked at once. Databases made since then have them already."""

from alembic import op

from migrations import sets_on_sqlite

revision = "3200"
down_revision = "3060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        sets_on_sqlite.write_again()


def downgrade() -> None:
    """The laws are the same; the slower statements are not brought back."""
