"""The tables of transparency."""

import sqlalchemy as sa
from alembic import op

from foundation.tables import BigNumber, IdText, UtcMoment
from migrations.guards import append_only, drop_append_only
from transparency.tree import EMPTY_ROOT, HASH_SIZE

revision = "0500"
down_revision = "0400"
branch_labels = None
depends_on = None

APPEND_ONLY = ("log_leaf", "log_node", "log_checkpoint")
Hash = sa.LargeBinary(HASH_SIZE)


def upgrade() -> None:
    op.create_table(
        "log_leaf",
        sa.Column("index", BigNumber, primary_key=True, autoincrement=False),
        sa.Column("event", sa.String(80), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
        sa.Column("commitment", Hash, nullable=False),
        sa.Column("hash", Hash, nullable=False),
        sa.CheckConstraint('"index" >= 0', name=op.f("ck_log_leaf_index")),
    )
    op.create_index(op.f("ix_log_leaf_subject_index"), "log_leaf", ["subject", "index"])
    op.create_table(
        "log_node",
        sa.Column("level", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("position", BigNumber, primary_key=True, autoincrement=False),
        sa.Column("hash", Hash, nullable=False),
    )
    head = op.create_table(
        "log_head",
        sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("size", BigNumber, nullable=False),
        sa.Column("root", Hash, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_log_head_one_row")),
    )
    op.create_table(
        "log_salt",
        sa.Column("leaf_index", BigNumber, primary_key=True, autoincrement=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("author_id", IdText, nullable=True),
        sa.Column("salt", Hash, nullable=False),
    )
    op.create_index(op.f("ix_log_salt_subject"), "log_salt", ["subject"])
    op.create_index(op.f("ix_log_salt_author_id"), "log_salt", ["author_id"])
    op.create_table(
        "log_checkpoint",
        sa.Column("size", BigNumber, primary_key=True, autoincrement=False),
        sa.Column("root", Hash, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
    )
    op.bulk_insert(head, [{"id": 1, "size": 0, "root": EMPTY_ROOT}])
    for table in APPEND_ONLY:
        append_only(table)


def downgrade() -> None:
    for table in APPEND_ONLY:
        drop_append_only(table)
    for table in ("log_checkpoint", "log_salt", "log_head", "log_node", "log_leaf"):
        op.drop_table(table)
