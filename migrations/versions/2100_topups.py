"""What members prepaid, its uses and refunds, and the codes they show at the till."""

import sqlalchemy as sa
from alembic import op

from foundation.tables import IdText, UtcMoment
from migrations.guards import append_only, drop_append_only

revision = "2100"
down_revision = "2000"
branch_labels = None
depends_on = None

GUARDED = ("topup_purchase", "topup_refund")


def upgrade() -> None:
    _purchases()
    _uses()
    _refunds()
    op.create_table(
        "till_code",
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("code", sa.String, nullable=False, unique=True),
        sa.Column("made_at", UtcMoment, nullable=False),
    )
    for table in GUARDED:
        append_only(table)


def _purchases() -> None:
    op.create_table(
        "topup_purchase",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("offer", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("fact_id", IdText, nullable=False),
        sa.Column("basis", sa.String, nullable=False),
        sa.Column("paid", sa.BigInteger, nullable=False),
        sa.Column("free", sa.BigInteger, nullable=False),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
        sa.Column("free_expires_at", UtcMoment),
        sa.Column("paid_transfer_id", IdText, nullable=False),
        sa.Column("free_transfer_id", IdText),
        sa.UniqueConstraint("fact_id", "offer"),
        sa.CheckConstraint("paid > 0 and free >= 0", name="units"),
    )
    op.create_index("ix_topup_purchase_member_id_offer", "topup_purchase", ["member_id", "offer"])
    op.create_index("ix_topup_purchase_basis", "topup_purchase", ["basis"])


def _uses() -> None:
    op.create_table(
        "topup_use",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("purchase_id", IdText, sa.ForeignKey("topup_purchase.id"), nullable=False),
        sa.Column("offer", sa.String, nullable=False),
        sa.Column("is_free", sa.Boolean, nullable=False),
        sa.Column("request_key", sa.String, nullable=False, unique=True),
        sa.Column("reference", sa.String, nullable=False),
        sa.Column("by_id", IdText, sa.ForeignKey("member.id")),
        sa.Column("by_key", IdText),
        sa.Column("at", UtcMoment, nullable=False),
        sa.Column("transfer_id", IdText, nullable=False),
        sa.Column("given_back_at", UtcMoment),
    )
    op.create_index("ix_topup_use_member_id_id", "topup_use", ["member_id", "id"])
    op.create_index("ix_topup_use_purchase_id", "topup_use", ["purchase_id"])


def _refunds() -> None:
    op.create_table(
        "topup_refund",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("purchase_id", IdText, sa.ForeignKey("topup_purchase.id"), nullable=False),
        sa.Column("fact_id", IdText, nullable=False),
        sa.Column("paid_asked", sa.BigInteger, nullable=False),
        sa.Column("free_asked", sa.BigInteger, nullable=False),
        sa.Column("paid", sa.BigInteger, nullable=False),
        sa.Column("free", sa.BigInteger, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
        sa.UniqueConstraint("purchase_id", "fact_id"),
    )


def downgrade() -> None:
    for table in GUARDED:
        drop_append_only(table)
    for table in ("till_code", "topup_refund", "topup_use", "topup_purchase"):
        op.drop_table(table)
