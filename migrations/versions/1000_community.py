"""The tables of community: clubs, topics, posts, folds, appeals, reports, the moderation log."""

import sqlalchemy as sa
from alembic import op

from foundation.tables import IdText, JsonValue, UtcMoment
from migrations.guards import append_only, drop_append_only

revision = "1000"
down_revision = "0900"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _conversations()
    _moderation()


def _conversations() -> None:
    op.create_table(
        "club",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("slug", sa.String, nullable=False, unique=True),
        sa.Column("name", JsonValue, nullable=False),
        sa.Column("description", JsonValue, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("promise_hours", sa.Integer),
        sa.Column("time_zone", sa.String, nullable=False),
        sa.Column("topics", sa.Integer, nullable=False),
        sa.Column("last_topic_id", IdText),
        sa.Column("created_at", UtcMoment, nullable=False),
    )
    op.create_table(
        "topic",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("club_id", IdText, sa.ForeignKey("club.id"), nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("author_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("created_at", UtcMoment, nullable=False),
        sa.Column("posts", sa.Integer, nullable=False),
        sa.Column("last_post_id", IdText, nullable=False),
        sa.Column("last_post_at", UtcMoment, nullable=False),
        sa.Column("accepted_post_id", IdText),
        sa.Column("response_due_at", UtcMoment),
        sa.Column("responded_at", UtcMoment),
        sa.Column("breached_at", UtcMoment),
    )
    op.create_index("ix_topic_club_id_last_post_id", "topic", ["club_id", "last_post_id"])
    op.create_index("ix_topic_author_id", "topic", ["author_id"])
    waiting = sa.text("responded_at is null and breached_at is null")
    op.create_index(
        "ix_topic_waiting",
        "topic",
        ["response_due_at"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_table(
        "post",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("topic_id", IdText, sa.ForeignKey("topic.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("author_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("in_reply_to", sa.Integer),
        sa.Column("body", sa.String, nullable=False),
        sa.Column("body_html", sa.String, nullable=False),
        sa.Column("markdown_version", sa.Integer, nullable=False),
        sa.Column("answers", sa.Integer, nullable=False),
        sa.Column("created_at", UtcMoment, nullable=False),
        sa.Column("edited_at", UtcMoment),
        sa.UniqueConstraint("topic_id", "number", name="uq_post_topic_id_number"),
    )
    op.create_index("ix_post_author_id", "post", ["author_id"])
    op.create_table(
        "post_edit",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("post_id", IdText, sa.ForeignKey("post.id"), nullable=False),
        sa.Column("body", sa.String, nullable=False),
        sa.Column("by_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
    )
    op.create_index("ix_post_edit_post_id", "post_edit", ["post_id"])
    op.create_table(
        "topic_watch",
        sa.Column("topic_id", IdText, sa.ForeignKey("topic.id"), primary_key=True),
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("since", UtcMoment, nullable=False),
        sa.Column("stopped_at", UtcMoment),
    )


def _moderation() -> None:
    op.create_table(
        "topic_lock",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("topic_id", IdText, sa.ForeignKey("topic.id"), nullable=False),
        sa.Column("by_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("sentence", sa.String, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
        sa.Column("lifted_at", UtcMoment),
        sa.Column("lifted_by_id", IdText, sa.ForeignKey("member.id")),
    )
    _one_open("topic_lock", "topic_id", "lifted_at is null")
    op.create_table(
        "fold",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("post_id", IdText, sa.ForeignKey("post.id"), nullable=False),
        sa.Column("by_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("sentence", sa.String, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
        sa.Column("restored_at", UtcMoment),
        sa.Column("restored_by_id", IdText, sa.ForeignKey("member.id")),
    )
    op.create_index("ix_fold_post_id", "fold", ["post_id"])
    _one_open("fold", "post_id", "restored_at is null")
    op.create_table(
        "appeal",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("fold_id", IdText, sa.ForeignKey("fold.id"), nullable=False, unique=True),
        sa.Column("by_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
        sa.Column("decided_at", UtcMoment),
        sa.Column("decided_by_id", IdText, sa.ForeignKey("member.id")),
        sa.Column("decision", sa.String),
        sa.Column("reason", sa.String),
    )
    op.create_table(
        "report",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("post_id", IdText),
        sa.Column("place", sa.String, nullable=False),
        sa.Column("reporter_id", IdText),
        sa.Column("reporter_name", sa.String),
        sa.Column("reporter_email", sa.String),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
    )
    op.create_index("ix_report_post_id", "report", ["post_id"])
    op.create_table(
        "report_decision",
        sa.Column("report_id", IdText, primary_key=True),
        sa.Column("by_id", IdText, nullable=False),
        sa.Column("decision", sa.String, nullable=False),
        sa.Column("sentence", sa.String, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
    )
    op.create_table(
        "moderation_entry",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("event", sa.String, nullable=False),
        sa.Column("target", sa.String, nullable=False),
        sa.Column("by_id", IdText, nullable=False),
        sa.Column("by_name", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("sentence", sa.String, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
        sa.Column("leaf", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_moderation_entry_reason_id", "moderation_entry", ["reason", "id"])
    append_only("moderation_entry")


def _one_open(table: str, column: str, condition: str) -> None:
    op.create_index(
        f"uq_{table}_open",
        table,
        [column],
        unique=True,
        sqlite_where=sa.text(condition),
        postgresql_where=sa.text(condition),
    )


def downgrade() -> None:
    drop_append_only("moderation_entry")
    for table in (
        "moderation_entry",
        "report_decision",
        "report",
        "appeal",
        "fold",
        "topic_lock",
        "topic_watch",
        "post_edit",
        "post",
        "topic",
        "club",
    ):
        op.drop_table(table)
