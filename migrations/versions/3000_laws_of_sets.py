"""On PostgreSQL more of the book's laws are asked of all rows of a statement at once.

A foreign key and a trigger for each row start a query for every row. Nothing they refer to can be
changed or removed (accounts and transfers are append-only), so asking when rows are written is
enough, and one query for the whole statement asks it. Of one row it costs the same.
"""

from alembic import op

from migrations import lots_on_postgresql

revision = "3000"
down_revision = "3120"
branch_labels = None
depends_on = None

UP = (
    # An entry is one of the two sides of its transfer.
    """create function ledger_entry_only() returns trigger language plpgsql as $$
    begin
      if exists (select 1 from fresh f
                   left join lateral
                        (select source, target, amount from ledger_transfer
                          where id = f.transfer offset 0) t on true
                  where (f.account, f.amount) is distinct from
                        (case f.side when 0 then t.source else t.target end,
                         case f.side when 0 then -t.amount else t.amount end)) then
        raise exception 'ledger_entry' using errcode = 'restrict_violation'; end if;
      return null;
    end $$""",
    """create trigger ledger_entry_only after insert on ledger_entry
      referencing new table as fresh
      for each statement execute function ledger_entry_only()""",
    "alter table ledger_entry drop constraint fk_ledger_entry_transfer_ledger_transfer",
    # A balance begins with nothing, and is that of an account.
    """create function ledger_balance_opened() returns trigger language plpgsql as $$
    begin
      if exists (select 1 from fresh f
                   left join lateral
                        (select commodity from ledger_account
                          where id = f.account_id offset 0) a on true
                  where f.posted <> 0 or f.seq <> 0 or f.folded <> 0 or f.expiring <> 0
                     or f.commodity is distinct from a.commodity) then
        raise exception 'ledger_balance' using errcode = 'restrict_violation'; end if;
      return null;
    end $$""",
    "drop trigger ledger_balance_open on ledger_balance",
    """create trigger ledger_balance_open after insert on ledger_balance
      referencing new table as fresh
      for each statement execute function ledger_balance_opened()""",
    "alter table ledger_balance drop constraint"
    " fk_ledger_balance_account_id_commodity_ledger_account",
    # A lot moves only forward, and onto a use that is already written: as when it is new.
    "drop trigger ledger_lot_step on ledger_lot",
    """create trigger ledger_lot_step before update on ledger_lot for each row
      when ((new.account, new.expires_at) <> (old.account, old.expires_at) or new.seq <= old.seq)
      execute function ledger_lot_keep()""",
    """create trigger ledger_lot_move after update on ledger_lot
      referencing new table as fresh
      for each statement execute function ledger_lot_open()""",
)
DOWN = (
    "drop trigger ledger_lot_move on ledger_lot",
    "drop trigger ledger_lot_step on ledger_lot",
    """create trigger ledger_lot_step before update on ledger_lot
      for each row execute function ledger_lot_step()""",
    "alter table ledger_balance add constraint"
    " fk_ledger_balance_account_id_commodity_ledger_account"
    " foreign key (account_id, commodity) references ledger_account (id, commodity)",
    "drop trigger ledger_balance_open on ledger_balance",
    """create trigger ledger_balance_open before insert on ledger_balance
      for each row execute function ledger_balance_open()""",
    "drop function ledger_balance_opened()",
    "alter table ledger_entry add constraint fk_ledger_entry_transfer_ledger_transfer"
    " foreign key (transfer) references ledger_transfer (id)",
    "drop trigger ledger_entry_only on ledger_entry",
    "drop function ledger_entry_only()",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        lots_on_postgresql.write_again()
        for step in UP:
            op.execute(step)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for step in DOWN:
            op.execute(step)
