"""Triggers of PostgreSQL look into the tables of their own schema, whatever their caller put
before them."""

from alembic import op

from migrations import whose_tables

revision = "3600"
down_revision = "3200"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        whose_tables.name_them()


def downgrade() -> None:
    """The laws are the same; nobody wants the way in back."""
