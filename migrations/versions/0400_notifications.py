"""The tables of notifications."""

import sqlalchemy as sa
from alembic import op

from foundation.tables import IdText, JsonValue, UtcMoment

revision = "0400"
down_revision = "0300"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notification",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("category", sa.String, nullable=False),
        sa.Column("params", JsonValue, nullable=False),
        sa.Column("link", sa.String, nullable=False),
        sa.Column("about", sa.String),
        sa.Column("created_at", UtcMoment, nullable=False),
        sa.Column("read_at", UtcMoment),
    )
    op.create_index("ix_notification_member_id_id", "notification", ["member_id", "id"])
    op.create_index("ix_notification_member_id_read_at", "notification", ["member_id", "read_at"])


def downgrade() -> None:
    op.drop_table("notification")
