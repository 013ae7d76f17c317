"""The laws of expiry on SQLite; those of migration 0300 they replace are put back from there.

SQLite has no variables: what PostgreSQL keeps in one (how much of a transfer comes out of lots, or
goes back into them) is an expression here, and stands in the entry as `expiring_after`.
These are the laws of single rows; while a set is posted (sets_on_sqlite.py) they stand aside.

A trigger costs its whole frame each time it is asked, also when its condition says no. So most
transfers, which neither resolve nor reverse anything nor touch units that expire, are posted by one
short trigger; whatever else there is goes through two views, whose triggers are the long ones.
Neither view has rows or powers of its own: what their triggers write is looked at by the laws of
the tables, like everything anybody writes.
"""

from alembic import op

from migrations.sets_on_sqlite import NO_SET

#: Of 0300: written anew here, and back as they were when this migration is undone.
REPLACED = (
    "ledger_transfer_post",
    "ledger_transfer_hold",
    "ledger_transfer_resolve",
    "ledger_transfer_reverse",
    "ledger_entry_only",
    "ledger_entry_move",
    "ledger_balance_move",
    "ledger_balance_open",
)

TRIGGERS = (
    "ledger_transfer_post",
    "ledger_transfer_rest",
    "ledger_entry_only",
    "ledger_entry_move",
    "ledger_entry_lots",
    "ledger_balance_move",
    "ledger_balance_open",
    "ledger_lot_use_only",
    "ledger_lot_use_move",
    "ledger_lot_open",
    "ledger_lot_step",
    "ledger_lot_no_delete",
)
#: What is not posted by one short trigger, and what moves units that expire. Their triggers go
#: with them.
VIEWS = {
    "ledger_posting": (
        *("id", "key", "source", "target", "commodity", "amount", "kind", "about", "memo", "at"),
        *("until", "resolves", "reverses", "linked", "expires_at", "takes"),
    ),
    "ledger_moving": ("transfer", "side", "account", "amount", "seq", "expiring_after"),
}

#: What stood on the tables before the views did.
BEFORE_VIEWS = ("ledger_transfer_expiry", "ledger_entry_take", "ledger_entry_put")

#: The transfer that is taken back, for which units of one date go first.
OWN = "coalesce(new.takes, new.reverses)"

#: It gave units that never expire: these go first.
REST_FIRST = f"""exists (select 1 from ledger_transfer where id = {OWN} and expires_at is null)
         and not exists (select 1 from ledger_lot_use where transfer = {OWN} and side = 1)"""

#: What this transfer gives back: a transfer in part or in full, or a hold that it voids.
BACK = """coalesce(new.reverses, (select transfer from ledger_hold
           where transfer = new.resolves and source = new.target))"""

#: How much of what was given back so far, this transfer included, goes into lots: what never
#: expires was taken last and comes back first.
RETURNED = """max(0, -{less}
         + (select coalesce(sum(amount), 0) from ledger_transfer where reverses = {back})
         + (select coalesce(sum(amount), 0) from ledger_transfer
             where resolves = {back} and target = new.target)
         - (select amount from ledger_transfer where id = {back})
         - (select coalesce(sum(amount), 0) from ledger_lot_use
             where transfer = {back} and side = 0))"""

#: What of an entry moves in units that expire.
MOVED = """(new.expiring_after - coalesce((select expiring_after from ledger_entry
           where account = new.account and seq = new.seq - 1), 0))"""

#: Neither a hold nor what became of one, nothing taken back, and no unit with a date.
PLAIN = """coalesce(new.until, new.resolves, new.reverses, new.takes, new.expires_at) is null
       and coalesce((select expiring from ledger_balance where account_id = new.source), 0) = 0"""


def _hand_over(view: str) -> str:
    """The row that is new, to the triggers of `view`."""
    columns = ", ".join(VIEWS[view])
    values = ", ".join(f"new.{column}" for column in VIEWS[view])
    return f"insert into {view} ({columns}) values ({values})"


LAWS = [
    f"""create view ledger_posting as
      select {", ".join(VIEWS["ledger_posting"])} from ledger_transfer where false""",
    f"""create view ledger_moving as
      select {", ".join(VIEWS["ledger_moving"])} from ledger_entry where false""",
    # A transfer writes its entries; they move the balances and the lots, see below. Which trigger
    # comes first is not said: one that took the last dated units leaves what looks plain.
    f"""create trigger ledger_transfer_post after insert on ledger_transfer
      when {NO_SET} and {PLAIN}
       and not exists (select 1 from ledger_entry where transfer = new.id) begin
      select case
               when s.account_id is null or t.account_id is null then raise(abort, 'ledger_account')
               when s.commodity <> new.commodity or t.commodity <> new.commodity
               then raise(abort, 'ledger_commodity')
               when t.holding or s.holding then raise(abort, 'ledger_held')
               when t.lots and not s.lots and exists (select 1 from ledger_account
                      where id = new.source and owner is not null)
               then raise(abort, 'ledger_expiry') end
        from (select 1)
        left join ledger_balance s on s.account_id = new.source
        left join ledger_balance t on t.account_id = new.target;
      insert into ledger_unsealed (transfer) values (new.id);
      insert into ledger_entry (transfer, side, account, amount, balance_after, seq, expiring_after)
      select new.id, 0, account_id, -new.amount, posted - new.amount, seq + 1,
             case when lots then 0 end
        from ledger_balance where account_id = new.source;
      insert into ledger_entry (transfer, side, account, amount, balance_after, seq, expiring_after)
      select new.id, 1, account_id, new.amount, posted + new.amount, seq + 1,
             case when lots then expiring end
        from ledger_balance where account_id = new.target;
    end""",
    f"""create trigger ledger_transfer_rest after insert on ledger_transfer
      when {NO_SET} and not ({PLAIN}) begin {_hand_over("ledger_posting")}; end""",
    # All that is given back of a transfer is never more than it was.
    """create trigger ledger_posting_reverse instead of insert on ledger_posting
      when new.reverses is not null begin
      select raise(abort, 'ledger_reverses') where not exists
        (select 1 from ledger_transfer where id = new.reverses and reverses is null
            and source = new.target and target = new.source);
      select raise(abort, 'ledger_reversed')
       where (select sum(amount) from ledger_transfer where reverses = new.reverses)
           > (select amount from ledger_transfer where id = new.reverses);
    end""",
    f"""create trigger ledger_posting_post instead of insert on ledger_posting begin
      select case
               when s.account_id is null or t.account_id is null then raise(abort, 'ledger_account')
               when s.commodity <> new.commodity or t.commodity <> new.commodity
               then raise(abort, 'ledger_commodity')
               when t.holding <> (new.until is not null) or s.holding <> (new.resolves is not null)
               then raise(abort, 'ledger_held') end
        from (select 1)
        left join ledger_balance s on s.account_id = new.source
        left join ledger_balance t on t.account_id = new.target;
      insert into ledger_unsealed (transfer) values (new.id);
      insert into ledger_entry (transfer, side, account, amount, balance_after, seq, expiring_after)
      select new.id, 0, account_id, -new.amount, posted - new.amount, seq + 1,
             case when lots then expiring - min(expiring,
               case when {REST_FIRST} then max(0, new.amount - (posted - expiring))
                    else new.amount end) end
        from ledger_balance where account_id = new.source;
      insert into ledger_entry (transfer, side, account, amount, balance_after, seq, expiring_after)
      select new.id, 1, account_id, new.amount, posted + new.amount, seq + 1,
             case when lots then expiring + case
               when {BACK} is not null
               then {RETURNED.format(back=BACK, less="0")}
                  - {RETURNED.format(back=BACK, less="new.amount")}
               when (select lots from ledger_balance where account_id = new.source)
               then (select coalesce(-sum(amount), 0) from ledger_lot_use
                      where transfer = new.id and side = 0)
               when new.expires_at is null then 0 else new.amount end end
        from ledger_balance where account_id = new.target;
    end""",
    """create trigger ledger_posting_hold instead of insert on ledger_posting
      when new.until is not null begin
      insert into ledger_hold (transfer, account, source, amount, until)
      values (new.id, new.target, new.source, new.amount, new.until);
    end""",
    """create trigger ledger_posting_resolve instead of insert on ledger_posting
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
    # No date is forgotten or invented: a hold's is kept, a member's units come back by a reversal.
    f"""create trigger ledger_posting_expiry instead of insert on ledger_posting begin
      select raise(abort, 'ledger_expiry') from ledger_balance s, ledger_balance t
       where s.account_id = new.source and t.account_id = new.target
         and ((new.expires_at is not null and (s.lots or {BACK} is not null))
           or (t.lots and {BACK} is null and case when new.resolves is not null
                 then exists (select 1 from ledger_transfer h
                        join ledger_balance b on b.account_id = h.source
                       where h.id = new.resolves
                         and (b.lots or h.expires_at is not new.expires_at))
                 else not s.lots and exists (select 1 from ledger_account
                       where id = new.source and owner is not null) end));
    end""",
    # An entry is one of the two sides of its transfer, written while the transfer is.
    f"""create trigger ledger_entry_only before insert on ledger_entry when {NO_SET} begin
      select case
               when (new.account = case new.side when 0 then t.source else t.target end
                 and new.amount = case new.side when 0 then -t.amount else t.amount end
                 and new.seq = b.seq + 1 and new.balance_after = b.posted + new.amount
                 and not exists (select 1 from ledger_entry
                                  where transfer = new.transfer and side = new.side)) is not true
               then raise(abort, 'ledger_entry')
               when typeof(b.posted + new.amount) <> 'integer' then raise(abort, 'integer overflow')
               when b.floor > new.balance_after then raise(abort, 'ledger_floor')
               when b.ceiling < new.balance_after then raise(abort, 'ledger_ceiling') end
        from (select 1)
        left join ledger_transfer t on t.id = new.transfer
        left join ledger_balance b on b.account_id = new.account;
    end""",
    # The check after the update is for INSERT OR IGNORE, which would skip the update silently.
    f"""create trigger ledger_entry_move after insert on ledger_entry when {NO_SET} begin
      update ledger_balance set posted = new.balance_after, seq = new.seq,
             expiring = coalesce(new.expiring_after, 0)
       where account_id = new.account;
      select raise(abort, 'ledger_balance') where not exists
        (select 1 from ledger_balance where account_id = new.account
            and posted = new.balance_after and seq = new.seq
            and expiring = coalesce(new.expiring_after, 0));
    end""",
    f"""create trigger ledger_entry_lots after insert on ledger_entry
      when new.expiring_after is not null and {NO_SET} and {MOVED} <> 0
      begin {_hand_over("ledger_moving")}; end""",
    # Out of lots, soonest date first, the own date of what is taken back before that.
    f"""create trigger ledger_moving_take instead of insert on ledger_moving
      when new.side = 0 begin
      insert into ledger_lot_use
             (transfer, side, account, expires_at, amount, remaining_after, seq)
      select new.transfer, 0, new.account, expires_at, -take, remaining - take, seq + 1
        from (select expires_at, remaining, seq,
                     min(remaining, -{MOVED} - (upto - remaining)) as take
                from (select l.expires_at, l.remaining, l.seq, sum(l.remaining) over
                             (order by l.expires_at is not own.expires_at, l.expires_at) as upto
                        from ledger_lot l, ledger_transfer t
                        left join ledger_transfer own on own.id = coalesce(t.takes, t.reverses)
                       where t.id = new.transfer and l.account = new.account
                         and l.remaining > 0))
       where take > 0;
    end""",
    # Into lots: back as they were taken, the last taken first; on from another member with their
    # dates; or new ones.
    f"""create trigger ledger_moving_put instead of insert on ledger_moving
      when new.side = 1 begin
      insert into ledger_lot (account, expires_at)
      select new.account, expires_at
        from (select expires_at from ledger_transfer where id = new.transfer
              union
              select u.expires_at from ledger_lot_use u join ledger_transfer t on t.id = u.transfer
               where u.transfer = new.transfer and u.side = 0 and t.reverses is null) dated
       where expires_at is not null and not exists
             (select 1 from ledger_lot l where l.account = new.account
                 and l.expires_at = dated.expires_at);
      insert into ledger_lot_use
             (transfer, side, account, expires_at, amount, remaining_after, seq)
      select new.transfer, 1, new.account, p.expires_at, p.amount, l.remaining + p.amount, l.seq + 1
        from (select expires_at, {MOVED} as amount from ledger_transfer
               where id = new.transfer and expires_at is not null
              union all
              select u.expires_at, -u.amount
                from ledger_lot_use u join ledger_transfer t on t.id = u.transfer
               where u.transfer = new.transfer and u.side = 0 and t.reverses is null
              union all
              select expires_at, min(out, {MOVED} - (upto - out))
                from (select expires_at, out, sum(out) over (order by expires_at desc) as upto
                        from (select u.expires_at, -u.amount - coalesce((select sum(g.amount)
                                       from ledger_lot_use g join ledger_transfer r
                                         on r.id = g.transfer
                                      where g.side = 1 and g.account = u.account
                                        and g.expires_at = u.expires_at
                                        and (r.reverses = u.transfer
                                             or r.resolves = u.transfer)), 0) as out
                                from ledger_lot_use u
                                join ledger_transfer t
                                  on u.transfer = coalesce(t.reverses, t.resolves)
                               where t.id = new.transfer and u.side = 0)
                       where out > 0)
               where upto - out < {MOVED}) p
        join ledger_lot l on l.account = new.account and l.expires_at = p.expires_at;
    end""",
    # A balance moves only onto the entry that was just written.
    f"""create trigger ledger_balance_move before update on ledger_balance when {NO_SET} begin
      select raise(abort, 'ledger_balance') where not (
        new.account_id = old.account_id and new.commodity = old.commodity
        and new.floor is old.floor and new.ceiling is old.ceiling and new.holding = old.holding
        and new.deferred = old.deferred and new.lots = old.lots and new.folded = old.folded
        and new.seq = old.seq + 1
        and exists (select 1 from ledger_entry where account = new.account_id
            and seq = new.seq and balance_after = new.posted
            and coalesce(expiring_after, 0) = new.expiring));
    end""",
    """create trigger ledger_balance_open before insert on ledger_balance begin
      select raise(abort, 'ledger_balance') where new.posted <> 0 or new.seq <> 0
        or new.folded <> 0 or new.expiring <> 0 or new.deferred
        or exists (select 1 from ledger_balance where account_id = new.account_id);
    end""",
    # All that an entry moves between lots is written with it: afterwards nothing fits any more.
    f"""create trigger ledger_lot_use_only before insert on ledger_lot_use when {NO_SET} begin
      select raise(abort, 'ledger_lot') where not exists
        (select 1 from ledger_entry e
          where e.transfer = new.transfer and e.side = new.side and e.account = new.account
            and (e.amount > 0) = (new.amount > 0)
            and abs(new.amount + (select coalesce(sum(amount), 0) from ledger_lot_use
                                   where transfer = new.transfer and side = new.side))
                <= abs(e.expiring_after - coalesce((select p.expiring_after from ledger_entry p
                        where p.account = e.account and p.seq = e.seq - 1), 0)));
      select raise(abort, 'ledger_lot') where not exists
        (select 1 from ledger_lot where account = new.account and expires_at = new.expires_at
            and seq = new.seq - 1 and remaining = new.remaining_after - new.amount);
      select raise(abort, 'ledger_lot') from ledger_lot_use
       where transfer = new.transfer and side = new.side and expires_at = new.expires_at;
    end""",
    f"""create trigger ledger_lot_use_move after insert on ledger_lot_use when {NO_SET} begin
      update ledger_lot set remaining = new.remaining_after, seq = new.seq
       where account = new.account and expires_at = new.expires_at;
      select raise(abort, 'ledger_lot') where not exists
        (select 1 from ledger_lot where account = new.account and expires_at = new.expires_at
            and remaining = new.remaining_after and seq = new.seq);
    end""",
    # What remains of a lot moves only onto the use that was just written.
    f"""create trigger ledger_lot_step before update on ledger_lot when {NO_SET} begin
      select raise(abort, 'ledger_lot') where not (
        new.account = old.account and new.expires_at = old.expires_at and new.seq = old.seq + 1
        and exists (select 1 from ledger_lot_use where account = new.account
            and expires_at = new.expires_at and seq = new.seq
            and remaining_after = new.remaining));
    end""",
    f"""create trigger ledger_lot_open before insert on ledger_lot when {NO_SET} begin
      select raise(abort, 'ledger_lot') where new.remaining <> 0 or new.seq <> 0
        or exists (select 1 from ledger_lot
                    where account = new.account and expires_at = new.expires_at);
    end""",
    """create trigger ledger_lot_no_delete before delete on ledger_lot
      begin select raise(abort, 'ledger_lot'); end""",
]


def write_again() -> None:
    """Put these laws in the place of those that an earlier form of this file made."""
    for name in dict.fromkeys((*REPLACED, *TRIGGERS, *BEFORE_VIEWS)):
        op.execute(f"drop trigger if exists {name}")
    for name in VIEWS:
        op.execute(f"drop view if exists {name}")
    for law in LAWS:
        op.execute(law)
