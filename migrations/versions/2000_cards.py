"""Stamp cards and their stamps; vouchers that ask for a least value of the order."""

import sqlalchemy as sa
from alembic import op

from foundation.tables import IdText, UtcMoment

revision = "2000"
down_revision = "1900"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stamp_card",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("card", sa.String, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("begun_at", UtcMoment, nullable=False),
        sa.Column("filled_at", UtcMoment),
        sa.UniqueConstraint("member_id", "card", "number"),
    )
    op.create_table(
        "stamp",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("card_id", IdText, sa.ForeignKey("stamp_card.id"), nullable=False),
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("card", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("fact_id", IdText, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
        sa.Column("given_at", UtcMoment, nullable=False),
        sa.Column("taken_back_at", UtcMoment),
        sa.Column("taken_back_by", IdText),
        sa.UniqueConstraint("member_id", "card", "subject"),
    )
    op.create_index("ix_stamp_card_id", "stamp", ["card_id"])
    op.create_index("ix_stamp_subject", "stamp", ["subject"])
    op.add_column("voucher", sa.Column("order_min", sa.BigInteger))


def downgrade() -> None:
    with op.batch_alter_table("voucher") as voucher:
        voucher.drop_column("order_min")
    op.drop_index("ix_stamp_subject", "stamp")
    op.drop_index("ix_stamp_card_id", "stamp")
    op.drop_table("stamp")
    op.drop_table("stamp_card")
