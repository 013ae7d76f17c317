"""Award sets: points an owner gave to many members at once, who got them, what was taken back."""

import sqlalchemy as sa
from alembic import op

from foundation.tables import IdText, JsonValue, UtcMoment
from migrations.guards import append_only, drop_append_only

revision = "2300"
down_revision = "2200"
branch_labels = None
depends_on = None

GUARDED = ("award", "award_return")


def upgrade() -> None:
    op.create_table(
        "award_set",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("name", sa.String, nullable=False, unique=True),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("by_id", IdText, sa.ForeignKey("member.id")),
        sa.Column("is_told", sa.Boolean, nullable=False),
        sa.Column("expires_in_days", sa.Integer),
        sa.Column("file_name", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("points", sa.BigInteger, nullable=False),
        sa.Column("checked", JsonValue, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
        sa.Column("seen_at", UtcMoment, nullable=False),
        sa.Column("ended_at", UtcMoment),
        sa.Column("error", sa.String),
        sa.Column("done", sa.BigInteger, nullable=False),
        sa.Column("given", sa.BigInteger, nullable=False),
        sa.Column("given_points", sa.BigInteger, nullable=False),
        sa.Column("rejected", sa.BigInteger, nullable=False),
        sa.Column("taken_by_id", IdText, sa.ForeignKey("member.id")),
        sa.Column("taken_at", UtcMoment),
        sa.Column("taken_done", sa.BigInteger, nullable=False),
        sa.Column("taken_points", sa.BigInteger, nullable=False),
    )
    _awards()
    for table in GUARDED:
        append_only(table)


def _awards() -> None:
    op.create_table(
        "award",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("set_id", IdText, sa.ForeignKey("award_set.id"), nullable=False),
        sa.Column("row", sa.BigInteger, nullable=False),
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("expires_at", UtcMoment),
        sa.Column("at", UtcMoment, nullable=False),
        sa.Column("transfer_id", IdText, nullable=False),
        sa.UniqueConstraint("set_id", "row"),
        sa.CheckConstraint("amount > 0", name="amount"),
    )
    op.create_table(
        "award_return",
        sa.Column("award_id", IdText, sa.ForeignKey("award.id"), primary_key=True),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
        sa.CheckConstraint("amount >= 0", name="amount"),
    )


def downgrade() -> None:
    for table in GUARDED:
        drop_append_only(table)
    for table in ("award_return", "award", "award_set"):
        op.drop_table(table)
