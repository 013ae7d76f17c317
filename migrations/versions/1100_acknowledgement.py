"""The tables of acknowledgement."""

import sqlalchemy as sa
from alembic import op

from foundation.tables import IdText, UtcMoment
from migrations.guards import append_only, drop_append_only

revision = "1100"
down_revision = "1000"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "acknowledgement",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("fact_id", IdText, nullable=False),
        sa.Column("rule", sa.String, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
        sa.UniqueConstraint("fact_id", "rule", name="uq_acknowledgement_fact_id_rule"),
    )
    op.create_index("ix_acknowledgement_member_id", "acknowledgement", ["member_id"])
    op.create_index("ix_acknowledgement_rule", "acknowledgement", ["rule"])
    append_only("acknowledgement")


def downgrade() -> None:
    drop_append_only("acknowledgement")
    op.drop_table("acknowledgement")
