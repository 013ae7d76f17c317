"""The tables of referral, and the trigger that counts clicks."""

import sqlalchemy as sa
from alembic import op

from foundation.tables import BigNumber, IdText, UtcMoment
from migrations.guards import append_only, drop_append_only

revision = "0800"
down_revision = "0700"
branch_labels = None
depends_on = None

APPEND_ONLY = ("referral_click", "referral_step")

# A click must be one statement: on SQLite a second one would hold the write lock while Python
# switches threads. So the count is moved by the row itself.
COUNT_ON_SQLITE = """create trigger referral_click_counts after insert on referral_click begin
    insert into referral_click_count (code, channel, slot, clicks)
    values (new.code, new.channel, 0, 1)
    on conflict (code, channel, slot) do update set clicks = clicks + 1;
end"""
COUNT_ON_POSTGRESQL = (
    """create function count_referral_click() returns trigger language plpgsql as $$
    begin
        insert into referral_click_count as c (code, channel, slot, clicks)
        values (new.code, new.channel, floor(random() * 16)::smallint, 1)
        on conflict (code, channel, slot) do update set clicks = c.clicks + 1;
        return null;
    end $$""",
    """create trigger referral_click_counts after insert on referral_click
    for each row execute function count_referral_click()""",
)


def upgrade() -> None:
    _create_codes_and_clicks()
    _create_referrals()
    for table in APPEND_ONLY:
        append_only(table)
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    for statement in COUNT_ON_POSTGRESQL if on_postgresql else (COUNT_ON_SQLITE,):
        op.execute(statement)


def _create_codes_and_clicks() -> None:
    op.create_table(
        "referral_code",
        sa.Column("code", sa.String, primary_key=True),
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("shown_as", sa.String, nullable=False),
        sa.Column("created_at", UtcMoment, nullable=False),
        sa.Column("revoked_at", UtcMoment),
    )
    op.create_index("ix_referral_code_member_id", "referral_code", ["member_id"])
    active = sa.text("revoked_at is null")
    op.create_index(
        "uq_referral_code_active",
        "referral_code",
        ["member_id"],
        unique=True,
        sqlite_where=active,
        postgresql_where=active,
    )
    op.create_table(
        "referral_click",
        sa.Column("id", BigNumber, primary_key=True, autoincrement=True),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("landing", sa.String, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
    )
    op.create_table(
        "referral_click_count",
        sa.Column("code", sa.String, primary_key=True),
        sa.Column("channel", sa.String, primary_key=True),
        sa.Column("slot", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("clicks", sa.BigInteger, nullable=False),
    )


def _create_referrals() -> None:
    op.create_table(
        "referral",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("code", sa.String, sa.ForeignKey("referral_code.code"), nullable=False),
        sa.Column("referrer_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("friend_id", IdText, sa.ForeignKey("member.id"), nullable=False, unique=True),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("clicked_at", UtcMoment, nullable=False),
        sa.Column("joined_at", UtcMoment, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("order_id", IdText),
        sa.Column("total", sa.BigInteger),
        sa.Column("currency", sa.String),
        sa.Column("refunded_total", sa.BigInteger, nullable=False),
        sa.Column("purchased_at", UtcMoment),
        sa.Column("release_at", UtcMoment),
        sa.CheckConstraint("referrer_id <> friend_id", name="self"),
    )
    op.create_index("ix_referral_referrer_id_id", "referral", ["referrer_id", "id"])
    op.create_index("ix_referral_state_release_at", "referral", ["state", "release_at"])
    op.create_index("ix_referral_order_id", "referral", ["order_id"])
    op.create_table(
        "referral_step",
        sa.Column("id", BigNumber, primary_key=True, autoincrement=True),
        sa.Column("referral_id", IdText, sa.ForeignKey("referral.id"), nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("decided_by", IdText, sa.ForeignKey("member.id")),
        sa.Column("at", UtcMoment, nullable=False),
    )
    op.create_index("ix_referral_step_referral_id", "referral_step", ["referral_id"])


def downgrade() -> None:
    for table in APPEND_ONLY:
        drop_append_only(table)
    op.drop_table("referral_step")
    op.drop_table("referral")
    op.drop_table("referral_click_count")
    op.drop_table("referral_click")  # its trigger goes with it
    op.drop_table("referral_code")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("drop function count_referral_click()")
