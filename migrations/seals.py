"""Tables of the seals: a hash per transfer, heads over all of them, and what waits to be sealed."""

import sqlalchemy as sa
from alembic import op

from foundation.tables import BigNumber, IdText, UtcMoment
from migrations.guards import append_only, drop_append_only

#: A transfer leaves the queue only when it is sealed.
SQLITE = (
    """create trigger ledger_unsealed_no_update before update on ledger_unsealed
      begin select raise(abort, 'ledger_unsealed'); end""",
    """create trigger ledger_unsealed_no_delete before delete on ledger_unsealed
      when not exists (select 1 from ledger_leaf where transfer = old.transfer)
      begin select raise(abort, 'ledger_unsealed'); end""",
)
POSTGRESQL = (
    """create function ledger_unsealed_keep() returns trigger language plpgsql as $$
    begin
      if tg_op = 'DELETE' then
        if exists (select 1 from ledger_leaf where transfer = old.transfer) then
          return old; end if;
      end if;
      raise exception 'ledger_unsealed' using errcode = 'restrict_violation';
    end $$""",
    """create trigger ledger_unsealed_keep before update or delete on ledger_unsealed
      for each row execute function ledger_unsealed_keep()""",
    """create trigger ledger_unsealed_no_truncate before truncate on ledger_unsealed
      for each statement execute function ledger_unsealed_keep()""",
)


def create() -> None:
    op.create_table(
        "ledger_leaf",
        sa.Column("number", BigNumber, primary_key=True, autoincrement=False),
        sa.Column("transfer", IdText, nullable=False, unique=True),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "ledger_seal",
        sa.Column("size", BigNumber, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
    )
    op.create_table(
        "ledger_unsealed",
        sa.Column("transfer", IdText, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.execute("insert into ledger_unsealed select id from ledger_transfer")
    append_only("ledger_leaf")
    append_only("ledger_seal")
    for law in POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE:
        op.execute(law)


def drop() -> None:
    drop_append_only("ledger_leaf")
    drop_append_only("ledger_seal")
    for table in ("ledger_unsealed", "ledger_seal", "ledger_leaf"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("drop function ledger_unsealed_keep()")
