"""The catalogue: stock, redemptions and their steps, uses of vouchers, keys of machines.

A voucher used to be bought and issued in one row. What was bought is a redemption of its own now,
under the voucher's identifier, which the ledger knows it by.
"""

import sqlalchemy as sa
from alembic import op

from foundation.tables import IdText, JsonValue, UtcMoment
from migrations.guards import append_only, drop_append_only

revision = "1600"
down_revision = "1500"
branch_labels = None
depends_on = None

STANDING = sa.text("released_at is null")


def upgrade() -> None:
    _machines()
    _stock()
    _redemptions()
    _vouchers()
    _carry_over()


def _machines() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("secret_hash", sa.String, nullable=False, unique=True),
        sa.Column("ending", sa.String, nullable=False),
        sa.Column("made_by", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("made_at", UtcMoment, nullable=False),
        sa.Column("seen_at", UtcMoment),
        sa.Column("revoked_by", IdText, sa.ForeignKey("member.id")),
        sa.Column("revoked_at", UtcMoment),
    )
    op.create_table(
        "api_answer",
        sa.Column("api_key_id", IdText, sa.ForeignKey("api_key.id"), primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("request_hash", sa.String, nullable=False),
        sa.Column("answer", JsonValue, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
    )
    op.create_index("ix_api_answer_at", "api_answer", ["at"])


def _stock() -> None:
    op.create_table(
        "catalogue_stock",
        sa.Column("item", sa.String, primary_key=True),
        sa.Column("occasion", sa.String, primary_key=True),
        sa.Column("on_hand", sa.BigInteger, nullable=False),
        sa.Column("reserved", sa.BigInteger, nullable=False),
        sa.CheckConstraint("reserved >= 0 and reserved <= on_hand", name="reserved"),
        sa.CheckConstraint("on_hand >= 0", name="on_hand"),
    )
    op.create_table(
        "catalogue_stock_movement",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("item", sa.String, nullable=False),
        sa.Column("occasion", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("on_hand", sa.BigInteger, nullable=False),
        sa.Column("reserved", sa.BigInteger, nullable=False),
        sa.Column("by_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("redemption_id", IdText),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
    )
    op.create_index(
        "ix_catalogue_stock_movement_item_id", "catalogue_stock_movement", ["item", "id"]
    )
    append_only("catalogue_stock_movement")


def _redemptions() -> None:
    op.create_table(
        "redemption",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("request_key", sa.String, nullable=False),
        sa.Column("item", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("cost", sa.BigInteger, nullable=False),
        sa.Column("occasion", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("stock", sa.String, nullable=False),
        sa.Column("taken_by", IdText, sa.ForeignKey("member.id")),
        sa.Column("transfer_id", IdText),
        sa.Column("at", UtcMoment, nullable=False),
        sa.UniqueConstraint("member_id", "request_key"),
        sa.CheckConstraint(
            "state in ('ordered', 'taken', 'prepared', 'sent', 'done', 'cancelled', 'refunded')",
            name="state",
        ),
        sa.CheckConstraint("stock in ('none', 'reserved', 'gone', 'released')", name="stock"),
    )
    op.create_index("ix_redemption_member_id_id", "redemption", ["member_id", "id"])
    op.create_index("ix_redemption_state_id", "redemption", ["state", "id"])
    op.create_index("ix_redemption_taken_by_id", "redemption", ["taken_by", "id"])
    op.create_table(
        "redemption_step",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("redemption_id", IdText, sa.ForeignKey("redemption.id"), nullable=False),
        sa.Column("step", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("by_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
    )
    op.create_index("ix_redemption_step_redemption_id", "redemption_step", ["redemption_id"])
    append_only("redemption_step")


def _vouchers() -> None:
    with op.batch_alter_table("voucher") as table:
        table.add_column(sa.Column("about", sa.String, nullable=False, server_default=""))
        table.add_column(sa.Column("uses", sa.Integer, nullable=False, server_default="1"))
        table.add_column(sa.Column("used", sa.Integer, nullable=False, server_default="0"))
        # Those issued so far were promised to whoever shows the code.
        table.add_column(sa.Column("bearer", sa.Boolean, nullable=False, server_default=sa.true()))
        table.add_column(sa.Column("expires_at", UtcMoment))
        table.add_column(sa.Column("revoked_at", UtcMoment))
        table.create_check_constraint("used", "used >= 0 and used <= uses")
    op.create_table(
        "voucher_use",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("voucher_id", IdText, sa.ForeignKey("voucher.id"), nullable=False),
        sa.Column("reference", sa.String, nullable=False),
        sa.Column("by_key", IdText, sa.ForeignKey("api_key.id")),
        sa.Column("at", UtcMoment, nullable=False),
        sa.Column("released_at", UtcMoment),
    )
    op.create_index(
        "uq_voucher_use_standing",
        "voucher_use",
        ["voucher_id", "reference"],
        unique=True,
        sqlite_where=STANDING,
        postgresql_where=STANDING,
    )


def _carry_over() -> None:
    op.execute("update voucher set about = 'redemption:' || id")
    op.execute(
        "insert into redemption (id, member_id, request_key, item, kind, version, cost, occasion,"
        " address, note, state, stock, taken_by, transfer_id, at)"
        " select v.id, v.member_id, v.request_key, v.item, 'voucher', v.version, v.cost, '', '',"
        " '', 'done', 'none', null,"
        " (select t.id from ledger_transfer t where t.key = 'redemption:' || v.id), v.issued_at"
        " from voucher v"
    )
    op.execute(
        "insert into redemption_step (id, redemption_id, step, state, by_id, text, at)"
        " select id, id, 'order', 'done', member_id, '', issued_at from voucher"
    )
    op.execute(
        "insert into voucher_use (id, voucher_id, reference, at)"
        " select id, id, coalesce(used_about, ''), used_at from voucher where used_at is not null"
    )
    op.execute("update voucher set used = 1 where used_at is not null")
    with op.batch_alter_table("voucher") as table:
        table.drop_column("used_about")
        for column in ("about", "uses", "used", "bearer"):
            table.alter_column(column, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("voucher") as table:
        table.add_column(sa.Column("used_about", sa.String))
    op.execute(
        "update voucher set used_about = (select max(u.reference) from voucher_use u"
        " where u.voucher_id = voucher.id and u.released_at is null)"
    )
    op.execute("update voucher set used_at = null where used < uses")
    op.drop_table("voucher_use")
    with op.batch_alter_table("voucher") as table:
        table.drop_constraint(op.f("ck_voucher_used"), type_="check")
        for column in ("about", "uses", "used", "bearer", "expires_at", "revoked_at"):
            table.drop_column(column)
    drop_append_only("redemption_step")
    drop_append_only("catalogue_stock_movement")
    for name in (
        "redemption_step",
        "redemption",
        "catalogue_stock_movement",
        "catalogue_stock",
        "api_answer",
        "api_key",
    ):
        op.drop_table(name)
