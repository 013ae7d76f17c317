"""What pages would take too long to count."""

import sqlalchemy as sa
from alembic import op

from foundation.tables import JsonValue, UtcMoment

revision = "2800"
down_revision = "2700"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "figures",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("at", UtcMoment, nullable=False),
        sa.Column("milliseconds", sa.BigInteger, nullable=False),
        sa.Column("document", JsonValue, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("figures")
