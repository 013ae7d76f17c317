"""The tables of shop."""

import sqlalchemy as sa
from alembic import op

from foundation.tables import IdText, JsonValue, UtcMoment

revision = "0700"
down_revision = "0600"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "product",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("slug", sa.String, nullable=False, unique=True),
        sa.Column("name", JsonValue, nullable=False),
        sa.Column("summary", JsonValue, nullable=False),
        sa.Column("description", JsonValue, nullable=False),
        sa.Column("description_html", JsonValue, nullable=False),
        sa.Column("price", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String, nullable=False),
        sa.Column("image", sa.String),
        sa.Column("shown", sa.Boolean, nullable=False),
        sa.Column("created_at", UtcMoment, nullable=False),
        sa.CheckConstraint("price >= 0", name=op.f("ck_product_price")),
    )
    _orders()
    op.create_table(
        "refund",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("order_id", IdText, sa.ForeignKey("shop_order.id"), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("external_id", sa.String, nullable=False, unique=True),
        sa.Column("at", UtcMoment, nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refund_amount")),
    )
    op.create_index("ix_refund_order_id", "refund", ["order_id"])
    op.create_table(
        "inbound_event",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("webhook_id", sa.String, nullable=False, unique=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("order_number", sa.String, nullable=False),
        sa.Column("body", sa.String, nullable=False),
        sa.Column("received_at", UtcMoment, nullable=False),
        sa.Column("processed_at", UtcMoment),
        sa.Column("due_at", UtcMoment),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("error", sa.String),
    )
    op.create_index("ix_inbound_event_order_number", "inbound_event", ["order_number"])
    op.create_index(
        "ix_inbound_event_processed_at_due_at", "inbound_event", ["processed_at", "due_at"]
    )
    op.create_table(
        "order_import",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("file_name", sa.String, nullable=False),
        sa.Column("options", JsonValue, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("new", sa.Integer, nullable=False),
        sa.Column("known", sa.Integer, nullable=False),
        sa.Column("rejected", sa.Integer, nullable=False),
        sa.Column("problems", JsonValue, nullable=False),
        sa.Column("error", sa.String),
        sa.Column("created_at", UtcMoment, nullable=False),
        sa.Column("seen_at", UtcMoment, nullable=False),
        sa.Column("ended_at", UtcMoment),
    )
    op.create_index("ix_order_import_state", "order_import", ["state"])


def _orders() -> None:
    op.create_table(
        "shop_order",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("number", sa.String, nullable=False, unique=True),
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("currency", sa.String, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("promised_on", sa.Date),
        sa.Column("placed_at", UtcMoment, nullable=False),
        sa.Column("paid_at", UtcMoment),
        sa.Column("shipped_at", UtcMoment),
        sa.Column("delivered_at", UtcMoment),
        sa.Column("cancelled_at", UtcMoment),
        sa.Column("refunded_total", sa.BigInteger, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.CheckConstraint("total >= 0", name=op.f("ck_shop_order_total")),
        sa.CheckConstraint(
            "refunded_total between 0 and total", name=op.f("ck_shop_order_refunded")
        ),
    )
    op.create_index("ix_shop_order_member_id_id", "shop_order", ["member_id", "id"])
    op.create_index("ix_shop_order_status_id", "shop_order", ["status", "id"])
    op.create_table(
        "order_line",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("order_id", IdText, sa.ForeignKey("shop_order.id"), nullable=False),
        sa.Column("product_id", IdText, sa.ForeignKey("product.id")),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_order_line_order_id", "order_line", ["order_id"])
    op.create_index("ix_order_line_product_id", "order_line", ["product_id"])


def downgrade() -> None:
    for table in ("order_import", "inbound_event", "refund", "order_line", "shop_order", "product"):
        op.drop_table(table)
