"""Store credit taken for orders, and given back; never more than was taken."""

import sqlalchemy as sa
from alembic import op

from foundation.tables import IdText, UtcMoment
from migrations.guards import append_only, drop_append_only

revision = "2500"
down_revision = "2400"
branch_labels = None
depends_on = None

GUARDED = ("credit_taking", "credit_return")

# Whoever gives back waits here for whoever else gives back of the same taking. A lock of its own:
# the application's role may not lock rows that it may not change.
POSTGRESQL = (
    """create function credit_return_fits() returns trigger language plpgsql as $$
    begin
      perform pg_advisory_xact_lock(hashtextextended('credit_return ' || new.taking_id, 0));
      if new.amount + (select coalesce(sum(amount), 0) from credit_return
                        where taking_id = new.taking_id)
         > (select amount from credit_taking where id = new.taking_id) then
        raise exception 'more than was taken' using errcode = 'restrict_violation';
      end if;
      return new;
    end $$""",
    "create trigger credit_return_fits before insert on credit_return"
    " for each row execute function credit_return_fits()",
)
SQLITE = """create trigger credit_return_fits before insert on credit_return begin
  select raise(abort, 'more than was taken')
   where new.amount + (select coalesce(sum(amount), 0) from credit_return
                        where taking_id = new.taking_id)
       > (select amount from credit_taking where id = new.taking_id);
end"""


def upgrade() -> None:
    _takings()
    _returns()
    for law in POSTGRESQL if op.get_bind().dialect.name == "postgresql" else (SQLITE,):
        op.execute(law)
    for table in GUARDED:
        append_only(table)


def _takings() -> None:
    op.create_table(
        "credit_taking",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("reference", sa.String, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String, nullable=False),
        sa.Column("request_key", sa.String),
        sa.Column("by_id", IdText, sa.ForeignKey("member.id")),
        sa.Column("by_key", IdText),
        sa.Column("at", UtcMoment, nullable=False),
        sa.Column("transfer_id", IdText, nullable=False, unique=True),
        sa.UniqueConstraint("reference", "member_id"),
        sa.CheckConstraint("amount > 0", name="amount"),
    )
    op.create_index("ix_credit_taking_member_id_id", "credit_taking", ["member_id", "id"])


def _returns() -> None:
    op.create_table(
        "credit_return",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("taking_id", IdText, sa.ForeignKey("credit_taking.id"), nullable=False),
        sa.Column("request_key", sa.String, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("by_id", IdText, sa.ForeignKey("member.id")),
        sa.Column("by_key", IdText),
        sa.Column("at", UtcMoment, nullable=False),
        sa.Column("transfer_id", IdText, nullable=False, unique=True),
        sa.UniqueConstraint("taking_id", "request_key"),
        sa.CheckConstraint("amount > 0", name="amount"),
    )


def downgrade() -> None:
    for table in GUARDED:
        drop_append_only(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("drop trigger credit_return_fits on credit_return")
        op.execute("drop function credit_return_fits()")
    else:
        op.execute("drop trigger credit_return_fits")
    for table in ("credit_return", "credit_taking"):
        op.drop_table(table)
