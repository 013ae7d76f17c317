"""Store credit: what limits withheld says of which commodity it was."""

import sqlalchemy as sa
from alembic import op

revision = "2400"
down_revision = "2300"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "reward_withheld",
        sa.Column("commodity", sa.String, nullable=False, server_default="points"),
    )


def downgrade() -> None:
    op.drop_column("reward_withheld", "commodity")
