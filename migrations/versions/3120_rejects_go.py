"""When the file of a set's rejected rows was thrown away."""

import sqlalchemy as sa
from alembic import op

from foundation.tables import UtcMoment

revision = "3120"
down_revision = "3110"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("award_set", sa.Column("rejects_gone_at", UtcMoment))


def downgrade() -> None:
    op.drop_column("award_set", "rejects_gone_at")
