"""Budgets: their counters, what limits withheld, and when grants expire."""

import sqlalchemy as sa
from alembic import op

from foundation.tables import IdText, UtcMoment
from migrations.guards import append_only, drop_append_only

revision = "1400"
down_revision = "1300"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reward_grant", sa.Column("expires_at", UtcMoment))
    op.create_index("ix_reward_grant_fact_at", "reward_grant", ["fact_at"])
    op.create_table(
        "reward_budget_count",
        sa.Column("period", sa.String, primary_key=True),
        sa.Column("scope", sa.String, primary_key=True),
        sa.Column("committed", sa.BigInteger, nullable=False),
        sa.Column("ceiling", sa.BigInteger),
        sa.Column("told", sa.SmallInteger, nullable=False),
        sa.Column("told_limit", sa.BigInteger, nullable=False),
        sa.CheckConstraint("committed >= 0", name="committed"),
        sa.CheckConstraint("ceiling is null or committed <= ceiling", name="ceiling"),
    )
    op.create_table(
        "reward_withheld",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("rule", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("fact_id", IdText, nullable=False),
        sa.Column("fact_kind", sa.String, nullable=False),
        sa.Column("fact_at", UtcMoment, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("given", sa.BigInteger, nullable=False),
        sa.Column("cause", sa.String, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
        sa.UniqueConstraint("fact_id", "rule", "member_id"),
        sa.CheckConstraint("amount > 0", name="amount"),
    )
    op.create_index("ix_reward_withheld_member_id_id", "reward_withheld", ["member_id", "id"])
    append_only("reward_withheld")


def downgrade() -> None:
    drop_append_only("reward_withheld")
    op.drop_table("reward_withheld")
    op.drop_table("reward_budget_count")
    op.drop_index("ix_reward_grant_fact_at", "reward_grant")
    op.drop_column("reward_grant", "expires_at")
