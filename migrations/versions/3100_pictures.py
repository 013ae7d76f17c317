"""Pictures that people sent up: their shape, and when they were last asked for."""

import sqlalchemy as sa
from alembic import op

from foundation.tables import UtcMoment

revision = "3100"
down_revision = "2900"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "picture",
        sa.Column("sha256", sa.String, primary_key=True),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("asked_at", UtcMoment, nullable=False),
    )
    op.create_index("ix_picture_asked_at", "picture", ["asked_at"])


def downgrade() -> None:
    op.drop_table("picture")
