"""Expiry: what becomes available carries a date, and is spent soonest date first."""

import sqlalchemy as sa
from alembic import op

from foundation.tables import IdText, UtcMoment

revision = "1300"
down_revision = "1200"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ledger_transfer", sa.Column("expires_at", UtcMoment))
    op.add_column("ledger_transfer", sa.Column("takes", IdText))


def downgrade() -> None:
    op.drop_column("ledger_transfer", "takes")
    op.drop_column("ledger_transfer", "expires_at")
