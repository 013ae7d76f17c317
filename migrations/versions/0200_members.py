"""The tables of members: members, sign-ins, proofs, consents."""

import sqlalchemy as sa
from alembic import op

from foundation.tables import IdText, JsonValue, UtcMoment

revision = "0200"
down_revision = "0100"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "member",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("handle", sa.String, nullable=False, unique=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("email", sa.String, unique=True),
        sa.Column("email_verified_at", UtcMoment),
        sa.Column("password_hash", sa.String),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("time_zone", sa.String, nullable=False),
        sa.Column("customer_ref", sa.String, unique=True),
        sa.Column("joined_at", UtcMoment, nullable=False),
        sa.Column("claimed_at", UtcMoment),
    )
    op.create_table(
        "sign_in",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("token_hash", sa.String, nullable=False, unique=True),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("browser", sa.String, nullable=False),
        sa.Column("created_at", UtcMoment, nullable=False),
        sa.Column("last_seen_at", UtcMoment, nullable=False),
        sa.Column("revoked_at", UtcMoment),
    )
    op.create_index("ix_sign_in_member_id", "sign_in", ["member_id"])
    op.create_table(
        "proof",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("email", sa.String, nullable=False),
        sa.Column("token_hash", sa.String, nullable=False, unique=True),
        sa.Column("created_at", UtcMoment, nullable=False),
        sa.Column("expires_at", UtcMoment, nullable=False),
        sa.Column("used_at", UtcMoment),
        sa.Column("claim", JsonValue, nullable=False),
    )
    op.create_index("ix_proof_member_id", "proof", ["member_id"])
    op.create_table(
        "consent",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("category", sa.String, nullable=False),
        sa.Column("given", sa.Boolean, nullable=False),
        sa.Column("changed_at", UtcMoment, nullable=False),
        sa.UniqueConstraint(
            "member_id", "channel", "category", name="uq_consent_member_id_channel_category"
        ),
    )
    op.create_table(
        "role_grant",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("granted_by", IdText, sa.ForeignKey("member.id")),
        sa.Column("at", UtcMoment, nullable=False),
    )
    op.create_index("ix_role_grant_member_id", "role_grant", ["member_id"])


def downgrade() -> None:
    op.drop_table("role_grant")
    op.drop_table("consent")
    op.drop_table("proof")
    op.drop_table("sign_in")
    op.drop_table("member")
