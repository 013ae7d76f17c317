"""The tables of rewards: programme versions and drafts, grants, clawbacks, vouchers, replays."""

import sqlalchemy as sa
from alembic import op

from foundation.tables import IdText, JsonValue, UtcMoment
from migrations.guards import append_only, drop_append_only

revision = "0600"
down_revision = "0500"
branch_labels = None
depends_on = None

WAITING = sa.text("released_at is null and voided_at is null")
RESTING = sa.text("basis is not null")


def upgrade() -> None:
    _programme()
    _grants()
    _vouchers()
    op.create_table(
        "replay_run",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("rules", JsonValue, nullable=False),
        sa.Column("starts_at", UtcMoment, nullable=False),
        sa.Column("ends_at", UtcMoment, nullable=False),
        sa.Column("asked_by", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("asked_at", UtcMoment, nullable=False),
        sa.Column("claimed_at", UtcMoment),
        sa.Column("finished_at", UtcMoment),
        sa.Column("done", sa.BigInteger, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("outcome", JsonValue),
        sa.Column("error", sa.String),
    )
    op.create_index("ix_replay_run_finished_at", "replay_run", ["finished_at"])


def _programme() -> None:
    op.create_table(
        "programme_version",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False, unique=True),
        sa.Column("rules", JsonValue, nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("created_by", IdText, sa.ForeignKey("member.id")),
        sa.Column("created_at", UtcMoment, nullable=False),
        sa.Column("published_by", IdText, sa.ForeignKey("member.id")),
        sa.Column("published_at", UtcMoment, nullable=False),
    )
    append_only("programme_version")
    op.create_table(
        "programme_draft",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("lane", sa.Integer, nullable=False, unique=True),
        sa.Column("based_on", sa.Integer, nullable=False),
        sa.Column("rules", JsonValue, nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_by", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("created_at", UtcMoment, nullable=False),
        sa.Column("changed_by", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("changed_at", UtcMoment, nullable=False),
        sa.CheckConstraint("lane = 1", name="lane"),
    )


def _grants() -> None:
    op.create_table(
        "reward_grant",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("rule", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("fact_id", IdText, nullable=False),
        sa.Column("fact_kind", sa.String, nullable=False),
        sa.Column("fact_at", UtcMoment, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("basis", sa.String),
        sa.Column("tier", sa.String, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("capped", sa.BigInteger, nullable=False),
        sa.Column("commodity", sa.String, nullable=False),
        sa.Column("granted_at", UtcMoment, nullable=False),
        sa.Column("release_at", UtcMoment),
        sa.Column("released_at", UtcMoment),
        sa.Column("voided_at", UtcMoment),
        sa.Column("clawed", sa.BigInteger, nullable=False),
        sa.Column("transfer_id", IdText, nullable=False),
        sa.UniqueConstraint("fact_id", "rule", "member_id"),
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.CheckConstraint("clawed >= 0 and clawed <= amount", name="clawed"),
    )
    op.create_index(
        "ix_reward_grant_member_id_granted_at", "reward_grant", ["member_id", "granted_at"]
    )
    op.create_index(
        "ix_reward_grant_waiting",
        "reward_grant",
        ["release_at"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    op.create_index(
        "ix_reward_grant_basis",
        "reward_grant",
        ["basis"],
        sqlite_where=RESTING,
        postgresql_where=RESTING,
    )
    op.create_table(
        "reward_clawback",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("grant_id", IdText, sa.ForeignKey("reward_grant.id"), nullable=False),
        sa.Column("fact_id", IdText, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
        sa.UniqueConstraint("grant_id", "fact_id"),
    )
    op.create_index("ix_reward_clawback_at", "reward_clawback", ["at"])
    append_only("reward_clawback")


def _vouchers() -> None:
    op.create_table(
        "voucher",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("request_key", sa.String, nullable=False),
        sa.Column("code", sa.String, nullable=False, unique=True),
        sa.Column("item", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("cost", sa.BigInteger, nullable=False),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String, nullable=False),
        sa.Column("issued_at", UtcMoment, nullable=False),
        sa.Column("used_at", UtcMoment),
        sa.Column("used_about", sa.String),
        sa.UniqueConstraint("member_id", "request_key"),
    )


def downgrade() -> None:
    op.drop_table("replay_run")
    op.drop_table("voucher")
    drop_append_only("reward_clawback")
    op.drop_table("reward_clawback")
    op.drop_table("reward_grant")
    op.drop_table("programme_draft")
    drop_append_only("programme_version")
    op.drop_table("programme_version")
