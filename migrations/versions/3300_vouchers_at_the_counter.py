"""A voucher may be taken by somebody of the staff, at the counter: each use says by whom."""

import sqlalchemy as sa
from alembic import op

from foundation.tables import IdText

revision = "3300"
down_revision = "3900"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("voucher_use", sa.Column("by_id", IdText))


def downgrade() -> None:
    op.drop_column("voucher_use", "by_id")
