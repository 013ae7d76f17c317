"""The laws of single rows on SQLite as lots_on_sqlite.py writes them now: most transfers are posted
by one short trigger. Databases made since then have them already."""

from alembic import op

from migrations import lots_on_sqlite

revision = "3050"
down_revision = "3000"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        lots_on_sqlite.write_again()


def downgrade() -> None:
    """The laws are the same; the longer triggers are not brought back."""
