"""What the owner's book counts once a day."""

import sqlalchemy as sa
from alembic import op

from foundation.tables import IdText, JsonValue, UtcMoment

revision = "1900"
down_revision = "1700"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "book_reckoning",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("day", sa.String, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
        sa.Column("milliseconds", sa.BigInteger, nullable=False),
        sa.Column("document", JsonValue, nullable=False),
        sa.UniqueConstraint("day"),
    )


def downgrade() -> None:
    op.drop_table("book_reckoning")
