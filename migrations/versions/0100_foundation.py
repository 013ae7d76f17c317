"""The tables of foundation: facts, outbox, jobs, page versions, throttles, search."""

import sqlalchemy as sa
from alembic import op

from foundation.tables import BigNumber, IdText, JsonValue, UtcMoment
from migrations.guards import append_only, drop_append_only

revision = "0100"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fact",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("member_id", IdText),
        sa.Column("at", UtcMoment, nullable=False),
        sa.Column("recorded_at", UtcMoment, nullable=False),
        sa.Column("details", JsonValue, nullable=False),
        sa.UniqueConstraint("kind", "subject", name="uq_fact_kind_subject"),
    )
    op.create_index("ix_fact_member_id", "fact", ["member_id"])
    op.create_index("ix_fact_at", "fact", ["at"])
    append_only("fact")
    op.create_table(
        "outbox_message",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("key", sa.String, unique=True),
        sa.Column("payload", JsonValue, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created_at", UtcMoment, nullable=False),
        sa.Column("due_at", UtcMoment, nullable=False),
        sa.Column("claimed_by", sa.String),
        sa.Column("claimed_until", UtcMoment),
        sa.Column("delivered_at", UtcMoment),
        sa.Column("last_error", sa.String),
    )
    op.create_index("ix_outbox_message_state_due_at", "outbox_message", ["state", "due_at"])
    op.create_table(
        "periodic_job",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("next_at", UtcMoment, nullable=False),
        sa.Column("last_at", UtcMoment),
        sa.Column("summary", sa.String),
        sa.Column("error", sa.String),
    )
    op.create_table(
        "page_version",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "throttle_tries",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_throttle_tries_expires", "throttle_tries", ["expires"])
    _search()


def _search() -> None:
    op.create_table(
        "search_document",
        sa.Column("id", BigNumber, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("ref", sa.String, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("excerpt", sa.String, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
        sa.UniqueConstraint("kind", "ref", name="uq_search_document_kind_ref"),
    )
    op.create_index("ix_search_document_at", "search_document", ["at"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("alter table search_document add column words tsvector not null")
        op.execute("create index ix_search_document_words on search_document using gin (words)")
    else:
        op.execute(
            "create virtual table search_words using fts5(words, content='',"
            " contentless_delete=1, tokenize='unicode61 remove_diacritics 2')"
            if _sqlite_version() >= (3, 43)
            else "create virtual table search_words using fts5(words,"
            " tokenize='unicode61 remove_diacritics 2')"
        )


def _sqlite_version() -> tuple[int, ...]:
    found = op.get_bind().exec_driver_sql("select sqlite_version()").scalar_one()
    return tuple(int(part) for part in found.split("."))


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("drop table search_words")
    op.drop_table("search_document")
    op.drop_table("throttle_tries")
    op.drop_table("page_version")
    op.drop_table("periodic_job")
    op.drop_table("outbox_message")
    drop_append_only("fact")
    op.drop_table("fact")
