"""The tables of the ledger, and the laws between them as triggers.

The one thing anybody can write is a transfer. Its trigger writes both entries, moves both balances
and keeps the hold it makes or resolves. Entries, balances and holds refuse every other hand.
What is refused is named by a word (ledger_floor, …) that `ledger/transfers.py` turns into a
sentence.
"""

import sqlalchemy as sa
from alembic import op

from foundation.tables import BigNumber, IdText, JsonValue, PlainText, UtcMoment
from migrations.guards import append_only, drop_append_only

revision = "0300"
down_revision = "0200"
branch_labels = None
depends_on = None

APPEND_ONLY = ("commodity", "ledger_account", "ledger_transfer", "ledger_entry")
WHOLE_NUMBERS = {
    "ledger_balance": ("posted", "seq"),
    "ledger_transfer": ("amount",),
    "ledger_entry": ("amount", "seq", "balance_after"),
    "ledger_hold": ("amount", "posted", "voided"),
}


def upgrade() -> None:
    _create_tables()
    for table in APPEND_ONLY:
        append_only(table)
    laws = POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE
    for law in laws:
        op.execute(law)
    op.execute("insert into commodity (code, scale) values ('points', 0)")


def downgrade() -> None:
    for table in APPEND_ONLY:
        drop_append_only(table)
    # No entry refers to a table dropped before it; triggers go with their tables.
    for table in ("ledger_hold", "ledger_entry", "ledger_transfer", "ledger_balance"):
        op.drop_table(table)
    op.drop_table("ledger_account")
    op.drop_table("commodity")
    if op.get_bind().dialect.name == "postgresql":
        for function in POSTGRESQL_FUNCTIONS:
            op.execute(f"drop function {function}")


def _create_tables() -> None:
    op.create_table(
        "commodity",
        sa.Column("code", sa.String, primary_key=True),
        sa.Column("scale", sa.SmallInteger, nullable=False),
        sa.CheckConstraint("scale between 0 and 9", name="scale"),
    )
    op.create_table(
        "ledger_account",
        sa.Column("id", BigNumber, primary_key=True),
        sa.Column("owner", PlainText),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("commodity", sa.String, sa.ForeignKey("commodity.code"), nullable=False),
        sa.Column("opened_at", UtcMoment, nullable=False),
        sa.UniqueConstraint("owner", "kind", "commodity"),
        sa.UniqueConstraint("id", "commodity"),
    )
    _partial_index(
        "uq_ledger_account_programme",
        "ledger_account",
        ["kind", "commodity"],
        "owner is null",
        unique=True,
    )
    op.create_table(
        "ledger_balance",
        sa.Column("account_id", BigNumber, primary_key=True, autoincrement=False),
        sa.Column("commodity", sa.String, nullable=False),
        sa.Column("floor", BigNumber),
        sa.Column("ceiling", BigNumber),
        sa.Column("holding", sa.Boolean, nullable=False),
        sa.Column("deferred", sa.Boolean, nullable=False),
        sa.Column("posted", BigNumber, nullable=False, server_default=sa.text("0")),
        sa.Column("seq", BigNumber, nullable=False, server_default=sa.text("0")),
        sa.Column("folded", BigNumber, nullable=False, server_default=sa.text("0")),
        sa.ForeignKeyConstraint(
            ["account_id", "commodity"], ["ledger_account.id", "ledger_account.commodity"]
        ),
        sa.CheckConstraint("floor is null or posted >= floor", name="floor"),
        sa.CheckConstraint("ceiling is null or posted <= ceiling", name="ceiling"),
        sa.CheckConstraint(
            "not deferred or (floor is null and ceiling is null and not holding)", name="deferred"
        ),
        *_whole_numbers("ledger_balance"),
        postgresql_with={"fillfactor": 60},  # every transfer updates it in place
    )
    op.create_table(
        "ledger_transfer",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("key", sa.String, nullable=False, unique=True),
        sa.Column("source", BigNumber, nullable=False),
        sa.Column("target", BigNumber, nullable=False),
        sa.Column("commodity", sa.String, nullable=False),
        sa.Column("amount", BigNumber, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("about", sa.String),
        sa.Column("memo", JsonValue),
        sa.Column("at", UtcMoment, nullable=False),
        sa.Column("until", UtcMoment),
        sa.Column("resolves", IdText, sa.ForeignKey("ledger_transfer.id")),
        sa.Column("reverses", IdText, sa.ForeignKey("ledger_transfer.id")),
        sa.Column("linked", IdText, sa.ForeignKey("ledger_transfer.id")),
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.CheckConstraint("source <> target", name="accounts"),
        sa.CheckConstraint(
            "reverses is null or (until is null and resolves is null)", name="reverses"
        ),
        sa.CheckConstraint("until is null or resolves is null", name="until"),
        *_whole_numbers("ledger_transfer"),
    )
    for name in ("resolves", "reverses", "linked"):
        _partial_index(
            f"ix_ledger_transfer_{name}", "ledger_transfer", [name], f"{name} is not null"
        )
    op.create_table(
        "ledger_entry",
        sa.Column("transfer", IdText, sa.ForeignKey("ledger_transfer.id"), primary_key=True),
        sa.Column("side", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("account", BigNumber, nullable=False),
        sa.Column("amount", BigNumber, nullable=False),
        sa.Column("balance_after", BigNumber),
        sa.Column("seq", BigNumber),
        sa.Column("written_in", BigNumber),
        sa.UniqueConstraint("account", "seq"),
        sa.CheckConstraint("side in (0, 1)", name="side"),
        sa.CheckConstraint("amount <> 0", name="amount"),
        sa.CheckConstraint("(seq is null) = (balance_after is null)", name="seq"),
        *_whole_numbers("ledger_entry"),
        sqlite_with_rowid=False,
    )
    _partial_index(
        "ix_ledger_entry_deferred", "ledger_entry", ["account", "written_in"], "seq is null"
    )
    op.create_table(
        "ledger_hold",
        sa.Column("transfer", IdText, sa.ForeignKey("ledger_transfer.id"), primary_key=True),
        sa.Column("account", BigNumber, nullable=False),
        sa.Column("source", BigNumber, nullable=False),
        sa.Column("amount", BigNumber, nullable=False),
        sa.Column("posted", BigNumber, nullable=False, server_default=sa.text("0")),
        sa.Column("voided", BigNumber, nullable=False, server_default=sa.text("0")),
        sa.Column("until", UtcMoment, nullable=False),
        sa.CheckConstraint(
            "posted >= 0 and voided >= 0 and posted + voided <= amount", name="resolved"
        ),
        *_whole_numbers("ledger_hold"),
    )
    _partial_index(
        "ix_ledger_hold_open", "ledger_hold", ["until", "transfer"], "posted + voided < amount"
    )
    op.create_index("ix_ledger_hold_account", "ledger_hold", ["account"])


def _partial_index(
    name: str, table: str, columns: list[str], where: str, *, unique: bool = False
) -> None:
    op.create_index(
        name,
        table,
        columns,
        unique=unique,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def _whole_numbers(table: str) -> list[sa.CheckConstraint]:
    """SQLite would store a fraction, or a sum too large for 64 bits, as a floating number."""
    if op.get_bind().dialect.name != "sqlite":
        return []
    return [
        sa.CheckConstraint(f"typeof({column}) in ('integer', 'null')", name=f"whole_{column}")
        for column in WHOLE_NUMBERS[table]
    ]


SQLITE = [
    # A transfer writes its entries; they move the balances, see below.
    """create trigger ledger_transfer_post after insert on ledger_transfer begin
      select raise(abort, 'ledger_account')
       where (select count(*) from ledger_balance
               where account_id in (new.source, new.target)) < 2;
      select raise(abort, 'ledger_commodity') from ledger_balance
       where account_id in (new.source, new.target) and commodity <> new.commodity;
      select raise(abort, 'ledger_held') from ledger_balance
       where (account_id = new.target and holding <> (new.until is not null))
          or (account_id = new.source and holding <> (new.resolves is not null));
      insert into ledger_entry (transfer, side, account, amount, balance_after, seq)
      select new.id, 0, account_id, -new.amount, posted - new.amount, seq + 1
        from ledger_balance where account_id = new.source;
      insert into ledger_entry (transfer, side, account, amount, balance_after, seq)
      select new.id, 1, account_id, new.amount, posted + new.amount, seq + 1
        from ledger_balance where account_id = new.target;
    end""",
    """create trigger ledger_transfer_hold after insert on ledger_transfer
      when new.until is not null begin
      insert into ledger_hold (transfer, account, source, amount, until)
      values (new.id, new.target, new.source, new.amount, new.until);
    end""",
    """create trigger ledger_transfer_resolve after insert on ledger_transfer
      when new.resolves is not null begin
      select raise(abort, 'ledger_resolves') where not exists
        (select 1 from ledger_hold where transfer = new.resolves and account = new.source);
      select raise(abort, 'ledger_resolved') from ledger_hold
       where transfer = new.resolves and amount - posted - voided < new.amount;
      update ledger_hold set
        posted = posted + case when source = new.target then 0 else new.amount end,
        voided = voided + case when source = new.target then new.amount else 0 end
       where transfer = new.resolves;
    end""",
    """create trigger ledger_transfer_reverse after insert on ledger_transfer
      when new.reverses is not null begin
      select raise(abort, 'ledger_reverses') where not exists
        (select 1 from ledger_transfer where id = new.reverses and reverses is null
            and source = new.target and target = new.source);
      select raise(abort, 'ledger_reversed')
       where (select sum(amount) from ledger_transfer where reverses = new.reverses)
           > (select amount from ledger_transfer where id = new.reverses);
    end""",
    # An entry is one of the two sides of its transfer, written while the transfer is.
    """create trigger ledger_entry_only before insert on ledger_entry begin
      select raise(abort, 'ledger_entry') where not exists
        (select 1 from ledger_transfer t join ledger_balance b on b.account_id = new.account
          where t.id = new.transfer
            and new.account = case new.side when 0 then t.source else t.target end
            and new.amount = case new.side when 0 then -t.amount else t.amount end
            and new.seq = b.seq + 1 and new.balance_after = b.posted + new.amount);
      select raise(abort, 'ledger_entry') from ledger_entry
       where transfer = new.transfer and side = new.side;
      select raise(abort, 'ledger_floor') from ledger_balance
       where account_id = new.account and floor > new.balance_after;
      select raise(abort, 'ledger_ceiling') from ledger_balance
       where account_id = new.account and ceiling < new.balance_after;
    end""",
    # The check after the update is for INSERT OR IGNORE, which would skip the update silently.
    """create trigger ledger_entry_move after insert on ledger_entry begin
      update ledger_balance set posted = new.balance_after, seq = new.seq
       where account_id = new.account;
      select raise(abort, 'ledger_balance') where not exists
        (select 1 from ledger_balance where account_id = new.account
            and posted = new.balance_after and seq = new.seq);
    end""",
    # A balance moves only onto the entry that was just written.
    """create trigger ledger_balance_move before update on ledger_balance begin
      select raise(abort, 'ledger_balance') where not (
        new.account_id = old.account_id and new.commodity = old.commodity
        and new.floor is old.floor and new.ceiling is old.ceiling and new.holding = old.holding
        and new.deferred = old.deferred and new.folded = old.folded and new.seq = old.seq + 1
        and exists (select 1 from ledger_entry where account = new.account_id
            and seq = new.seq and balance_after = new.posted));
    end""",
    """create trigger ledger_balance_open before insert on ledger_balance begin
      select raise(abort, 'ledger_balance') where new.posted <> 0 or new.seq <> 0
        or new.folded <> 0 or new.deferred
        or exists (select 1 from ledger_balance where account_id = new.account_id);
    end""",
    """create trigger ledger_balance_no_delete before delete on ledger_balance
      begin select raise(abort, 'ledger_balance'); end""",
    # A hold says what its transfers say.
    """create trigger ledger_hold_open before insert on ledger_hold begin
      select raise(abort, 'ledger_hold') where new.posted <> 0 or new.voided <> 0
        or exists (select 1 from ledger_hold where transfer = new.transfer)
        or not exists (select 1 from ledger_transfer t where t.id = new.transfer
            and t.target = new.account and t.source = new.source
            and t.amount = new.amount and t.until = new.until);
    end""",
    """create trigger ledger_hold_step before update on ledger_hold begin
      select raise(abort, 'ledger_hold') where not (
        new.transfer = old.transfer and new.account = old.account and new.source = old.source
        and new.amount = old.amount and new.until = old.until
        and new.voided = (select coalesce(sum(amount), 0) from ledger_transfer
            where resolves = old.transfer and target = old.source)
        and new.posted = (select coalesce(sum(amount), 0) from ledger_transfer
            where resolves = old.transfer and target <> old.source));
    end""",
    """create trigger ledger_hold_no_delete before delete on ledger_hold
      begin select raise(abort, 'ledger_hold'); end""",
]

POSTGRESQL_FUNCTIONS = (
    "ledger_transfer_post()",
    "ledger_balance_move()",
    "ledger_balance_open()",
    "ledger_balance_keep()",
    "ledger_hold_open()",
    "ledger_hold_step()",
    "ledger_hold_keep()",
    "ledger_fold(bigint)",
)

POSTGRESQL = [
    # Balances are locked in ascending order, so that two transfers never wait for each other;
    # deferred ones are not locked at all.
    """create function ledger_transfer_post() returns trigger language plpgsql as $$
    declare b ledger_balance; s ledger_balance; t ledger_balance; h ledger_hold; o ledger_transfer;
    begin
      for b in select * from ledger_balance
                where account_id in (new.source, new.target) and not deferred
                order by account_id for update loop
        if b.account_id = new.source then s := b; else t := b; end if;
      end loop;
      if s.account_id is null then
        select * into s from ledger_balance where account_id = new.source;
      end if;
      if t.account_id is null then
        select * into t from ledger_balance where account_id = new.target;
      end if;
      if s.account_id is null or t.account_id is null then
        raise exception 'ledger_account' using errcode = 'foreign_key_violation'; end if;
      if s.commodity <> new.commodity or t.commodity <> new.commodity then
        raise exception 'ledger_commodity' using errcode = 'check_violation'; end if;
      if t.holding <> (new.until is not null) or s.holding <> (new.resolves is not null) then
        raise exception 'ledger_held' using errcode = 'check_violation'; end if;
      s.posted := s.posted - new.amount;
      t.posted := t.posted + new.amount;
      if s.floor > s.posted then
        raise exception 'ledger_floor' using errcode = 'check_violation'; end if;
      if t.ceiling < t.posted then
        raise exception 'ledger_ceiling' using errcode = 'check_violation'; end if;

      insert into ledger_entry (transfer, side, account, amount, balance_after, seq, written_in)
      values (new.id, 0, new.source, -new.amount,
              case when not s.deferred then s.posted end,
              case when not s.deferred then s.seq + 1 end,
              case when s.deferred then pg_current_xact_id()::text::bigint end),
             (new.id, 1, new.target, new.amount,
              case when not t.deferred then t.posted end,
              case when not t.deferred then t.seq + 1 end,
              case when t.deferred then pg_current_xact_id()::text::bigint end);
      if not s.deferred then
        update ledger_balance set posted = s.posted, seq = s.seq + 1
         where account_id = new.source;
      end if;
      if not t.deferred then
        update ledger_balance set posted = t.posted, seq = t.seq + 1
         where account_id = new.target;
      end if;

      if new.until is not null then
        insert into ledger_hold (transfer, account, source, amount, until)
        values (new.id, new.target, new.source, new.amount, new.until);
      end if;
      if new.resolves is not null then
        select * into h from ledger_hold where transfer = new.resolves for update;
        if h.account is distinct from new.source then
          raise exception 'ledger_resolves' using errcode = 'check_violation'; end if;
        if h.amount - h.posted - h.voided < new.amount then
          raise exception 'ledger_resolved' using errcode = 'check_violation'; end if;
        update ledger_hold set
          posted = posted + case when source = new.target then 0 else new.amount end,
          voided = voided + case when source = new.target then new.amount else 0 end
         where transfer = new.resolves;
      end if;
      if new.reverses is not null then
        select * into o from ledger_transfer where id = new.reverses for no key update;
        if o.reverses is not null or o.source is distinct from new.target
           or o.target is distinct from new.source then
          raise exception 'ledger_reverses' using errcode = 'check_violation'; end if;
        if o.amount < (select sum(amount) from ledger_transfer where reverses = new.reverses) then
          raise exception 'ledger_reversed' using errcode = 'check_violation'; end if;
      end if;
      return null;
    end $$""",
    """create trigger ledger_transfer_post after insert on ledger_transfer
      for each row execute function ledger_transfer_post()""",
    # A balance moves only onto the entry that was just written; a deferred one only by a fold
    # that adds up exactly the entries of the transactions it names, all of them over.
    """create function ledger_balance_move() returns trigger language plpgsql as $$
    begin
      if (new.account_id, new.commodity, new.floor, new.ceiling, new.holding, new.deferred)
         is distinct from
         (old.account_id, old.commodity, old.floor, old.ceiling, old.holding, old.deferred) then
        raise exception 'ledger_balance' using errcode = 'restrict_violation'; end if;
      if not old.deferred and new.seq = old.seq + 1 and new.folded = old.folded
         and exists (select 1 from ledger_entry where account = new.account_id
             and seq = new.seq and balance_after = new.posted) then
        return new; end if;
      if old.deferred and new.folded > old.folded
         and new.folded <= pg_snapshot_xmin(pg_current_snapshot())::text::bigint
         and (new.posted - old.posted, new.seq - old.seq) =
             (select coalesce(sum(amount), 0)::bigint, count(*) from ledger_entry
               where account = old.account_id and seq is null
                 and written_in >= old.folded and written_in < new.folded) then
        return new; end if;
      raise exception 'ledger_balance' using errcode = 'restrict_violation';
    end $$""",
    """create trigger ledger_balance_move before update on ledger_balance
      for each row execute function ledger_balance_move()""",
    """create function ledger_balance_open() returns trigger language plpgsql as $$
    begin
      if new.posted <> 0 or new.seq <> 0 or new.folded <> 0 then
        raise exception 'ledger_balance' using errcode = 'restrict_violation'; end if;
      return new;
    end $$""",
    """create trigger ledger_balance_open before insert on ledger_balance
      for each row execute function ledger_balance_open()""",
    """create function ledger_balance_keep() returns trigger language plpgsql as $$
    begin raise exception 'ledger_balance' using errcode = 'restrict_violation'; end $$""",
    """create trigger ledger_balance_no_delete before delete on ledger_balance
      for each row execute function ledger_balance_keep()""",
    """create trigger ledger_balance_no_truncate before truncate on ledger_balance
      for each statement execute function ledger_balance_keep()""",
    # A hold says what its transfers say.
    """create function ledger_hold_open() returns trigger language plpgsql as $$
    begin
      if new.posted <> 0 or new.voided <> 0 or not exists
         (select 1 from ledger_transfer t where t.id = new.transfer and t.target = new.account
             and t.source = new.source and t.amount = new.amount and t.until = new.until) then
        raise exception 'ledger_hold' using errcode = 'restrict_violation'; end if;
      return new;
    end $$""",
    """create trigger ledger_hold_open before insert on ledger_hold
      for each row execute function ledger_hold_open()""",
    """create function ledger_hold_step() returns trigger language plpgsql as $$
    begin
      if (new.transfer, new.account, new.source, new.amount, new.until) is distinct from
         (old.transfer, old.account, old.source, old.amount, old.until)
         or (new.voided, new.posted) <>
            (select coalesce(sum(amount) filter (where target = old.source), 0)::bigint,
                    coalesce(sum(amount) filter (where target <> old.source), 0)::bigint
               from ledger_transfer where resolves = old.transfer) then
        raise exception 'ledger_hold' using errcode = 'restrict_violation'; end if;
      return new;
    end $$""",
    """create trigger ledger_hold_step before update on ledger_hold
      for each row execute function ledger_hold_step()""",
    """create function ledger_hold_keep() returns trigger language plpgsql as $$
    begin raise exception 'ledger_hold' using errcode = 'restrict_violation'; end $$""",
    """create trigger ledger_hold_no_delete before delete on ledger_hold
      for each row execute function ledger_hold_keep()""",
    """create trigger ledger_hold_no_truncate before truncate on ledger_hold
      for each statement execute function ledger_hold_keep()""",
    # Adds the settled entries of a deferred account to its balance; how many they were.
    """create function ledger_fold(which bigint) returns bigint language plpgsql as $$
    declare
      edge bigint := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
      since bigint; total bigint; many bigint;
    begin
      select folded into since from ledger_balance
       where account_id = which and deferred for update skip locked;
      if not found or edge <= since then return 0; end if;
      select coalesce(sum(amount), 0), count(*) into total, many from ledger_entry
       where account = which and seq is null and written_in >= since and written_in < edge;
      update ledger_balance set posted = posted + total, seq = seq + many, folded = edge
       where account_id = which;
      return many;
    end $$""",
]
