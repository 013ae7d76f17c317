"""Vouchers are found by the day they expire, to tell of it before."""

from alembic import op

revision = "3060"
down_revision = "3050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_voucher_expires_at_id", "voucher", ["expires_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_voucher_expires_at_id", "voucher")
