"""The tables of funnel."""

import sqlalchemy as sa
from alembic import op

from foundation.tables import BigNumber, IdText, UtcMoment
from migrations.guards import append_only, drop_append_only

revision = "1200"
down_revision = "1100"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "member_stage",
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("stage", sa.String, nullable=False),
        sa.Column("since", UtcMoment, nullable=False),
        sa.Column("entry_id", IdText, nullable=False),
    )
    op.create_index("ix_member_stage_stage_entry_id", "member_stage", ["stage", "entry_id"])
    op.create_table(
        "stage_entry",
        sa.Column("id", BigNumber, primary_key=True, autoincrement=True),
        sa.Column("member_id", IdText, nullable=False),
        sa.Column("stage", sa.String, nullable=False),
        sa.Column("fact_id", IdText, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
    )
    op.create_index("ix_stage_entry_member_id_id", "stage_entry", ["member_id", "id"])
    append_only("stage_entry")
    op.create_table(
        "funnel_count",
        sa.Column("stage", sa.String, primary_key=True),
        sa.Column("members", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    drop_append_only("stage_entry")
    op.drop_table("funnel_count")
    op.drop_table("stage_entry")
    op.drop_table("member_stage")
