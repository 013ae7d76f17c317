"""Many transfers posted by a few statements instead of a chain of triggers for each, on SQLite.

SQLite has no triggers per statement. So a set is put into `ledger_draft`, where anybody may write
what they like, and posted by the one row that is inserted into `ledger_set`: the trigger of that
row asks the laws of the whole set, writes the transfers, entries, lots and balances, and takes the
row away again. While it stands there the triggers of single rows stand aside. It never stands there
for anybody else: it is gone when its own statement ends, and a statement that fails takes
everything back, because `ledger_set_open` refuses those (INSERT OR FAIL, OR IGNORE …) whose
failures would leave things half done.

Most sets fan out, as awards do: out of one account, into each other at most once. Then only that
one account needs running sums, and what is written for each other is the last of it as well; so
these sets have statements of their own, which take two thirds of the time.

The laws are those of the single rows (lots_on_sqlite.py); both give the same rows. What single rows
alone can do (reversals, holds that are given back to lots, clawbacks of a grant, an account that
both gains and loses dated units) is refused here by the word ledger_set.
"""

from alembic import op

#: Whether a set is being posted, for the triggers of single rows.
NO_SET = "not exists (select 1 from ledger_set)"

TABLES = {
    "ledger_draft": """create table ledger_draft (place integer primary key, id text, key text,
      source integer, target integer, amount integer, kind text, about text, memo text, at text,
      until text, resolves text, linked text, expires_at text)""",
    # fans_out: out of one account, into each other at most once; holds: or resolves holds; dates:
    # gives units that expire. Its own trigger says so, and looks for no more than there is.
    "ledger_set": """create table ledger_set (number integer primary key, fans_out boolean,
      holds boolean, dates boolean)""",
    # Never has a row: see ledger_set_open.
    "ledger_set_probe": "create table ledger_set_probe (number integer not null default 0)",
}

LAWS = [
    # "insert or …" of the outer statement replaces the "or replace" in here, and then the default
    # does not take the place of null: the probe is not written, or the statement fails. Nothing
    # else was written before.
    f"""create trigger ledger_set_open before insert on ledger_set begin
      select raise(abort, 'ledger_set') where not ({NO_SET})
          or exists (select 1 from ledger_set_probe);
      insert or replace into ledger_set_probe (number) values (null);
      select raise(abort, 'ledger_set') where not exists (select 1 from ledger_set_probe);
      delete from ledger_set_probe;
    end""",
    """create trigger ledger_set_post after insert on ledger_set begin
      update ledger_set set (fans_out, holds, dates) =
          (select count(distinct source) = 1 and count(distinct target) = count(*),
                  count(until) + count(resolves) > 0, count(expires_at) > 0 from ledger_draft);
      select case
               when s.account_id is null or t.account_id is null then raise(abort, 'ledger_account')
               when s.commodity <> t.commodity then raise(abort, 'ledger_commodity')
               when t.holding <> (x.until is not null) or s.holding <> (x.resolves is not null)
               then raise(abort, 'ledger_held')
               when t.lots and (s.lots or x.source in (select target from ledger_draft)
                 or x.target in (select source from ledger_draft)
                 or (x.resolves is not null and exists (select 1 from ledger_hold h
                       where h.transfer = x.resolves and h.source = x.target)))
               then raise(abort, 'ledger_set')
               when x.expires_at is not null and s.lots then raise(abort, 'ledger_expiry')
               when t.lots and x.resolves is null and exists (select 1 from ledger_account
                      where id = x.source and owner is not null)
               then raise(abort, 'ledger_expiry') end
        from ledger_draft x
        left join ledger_balance s on s.account_id = x.source
        left join ledger_balance t on t.account_id = x.target;
      insert into ledger_transfer (id, key, source, target, commodity, amount, kind, about, memo,
                                   at, until, resolves, linked, expires_at)
      select x.id, x.key, x.source, x.target, s.commodity, x.amount, x.kind, x.about, x.memo,
             x.at, x.until, x.resolves, x.linked, x.expires_at
        from ledger_draft x cross join ledger_balance s on s.account_id = x.source
       order by x.place;
      insert into ledger_unsealed (transfer) select id from ledger_draft order by place;

      select case
               when h.account is not x.source then raise(abort, 'ledger_resolves')
               when (x.target = h.source and x.expires_at is not null)
                 or (t.lots and x.target <> h.source
                     and (g.lots or x.expires_at is not o.expires_at))
               then raise(abort, 'ledger_expiry') end
        from ledger_set this cross join ledger_draft x
        left join ledger_hold h on h.transfer = x.resolves
        left join ledger_transfer o on o.id = x.resolves
        left join ledger_balance g on g.account_id = h.source
        left join ledger_balance t on t.account_id = x.target
       where this.holds and x.resolves is not null;
      update ledger_hold set
        posted = (select coalesce(sum(amount), 0) from ledger_transfer t
                   where t.resolves = ledger_hold.transfer and t.target <> ledger_hold.source),
        voided = (select coalesce(sum(amount), 0) from ledger_transfer t
                   where t.resolves = ledger_hold.transfer and t.target = ledger_hold.source)
       where transfer in (select resolves from ledger_set this cross join ledger_draft
                           where this.holds and resolves is not null);
      insert into ledger_hold (transfer, account, source, amount, until)
      select id, target, source, amount, until from ledger_set this cross join ledger_draft
       where this.holds and until is not null;

      insert into ledger_entry (transfer, side, account, amount, balance_after, seq, expiring_after)
      select x.id, 0, x.source, -x.amount, b.posted - sum(x.amount) over chain,
             b.seq + row_number() over chain,
             case when b.lots then max(0, b.expiring - sum(x.amount) over chain) end
        from ledger_draft x cross join ledger_balance b on b.account_id = x.source
       where (select fans_out from ledger_set)
      window chain as (order by x.place rows unbounded preceding);
      insert into ledger_entry (transfer, side, account, amount, balance_after, seq, expiring_after)
      select x.id, 1, x.target, x.amount, b.posted + x.amount, b.seq + 1,
             case when b.lots then b.expiring + iif(x.expires_at is null, 0, x.amount) end
        from ledger_set this cross join ledger_draft x
        cross join ledger_balance b on b.account_id = x.target
       where this.fans_out;
      insert into ledger_entry (transfer, side, account, amount, balance_after, seq, expiring_after)
      select x.id, x.side, x.account, x.amount, b.posted + sum(x.amount) over chain,
             b.seq + row_number() over chain,
             case when b.lots then max(0, b.expiring + sum(case when x.side = 0
               or x.expires_at is not null then x.amount else 0 end) over chain) end
        from (select id, 0 as side, source as account, -amount as amount, place, expires_at
                from ledger_set this cross join ledger_draft where not this.fans_out
              union all
              select id, 1, target, amount, place, expires_at
                from ledger_set this cross join ledger_draft where not this.fans_out) x
        cross join ledger_balance b on b.account_id = x.account
      window chain as (partition by x.account order by x.place rows unbounded preceding);
      select raise(abort, 'ledger_floor')
        from ledger_draft x
        cross join ledger_balance b on b.account_id = x.source and b.floor is not null
        cross join ledger_entry e on e.transfer = x.id and e.side = 0 and e.balance_after < b.floor;
      select raise(abort, 'ledger_ceiling')
        from ledger_draft x
        cross join ledger_balance b on b.account_id = x.target and b.ceiling is not null
        cross join ledger_entry e on e.transfer = x.id and e.side = 1
         and e.balance_after > b.ceiling;

      -- Taken: where what the entries of an account took, laid end to end, meets its lots, laid
      -- end to end soonest date first.
      insert into ledger_lot_use (transfer, side, account, expires_at, amount, remaining_after, seq)
      select transfer, 0, account, expires_at, -part, remaining - sum(part) over lot,
             seq + row_number() over lot
        from (select e.transfer, e.account, e.seq as place, l.expires_at, l.remaining, l.seq,
                     min(e.upto, l.upto) - max(e.since, l.since) as part
                from (select e.transfer, e.account, e.seq,
                             b.expiring - coalesce((select p.expiring_after from ledger_entry p
                               where p.account = e.account and p.seq = e.seq - 1), 0) as since,
                             b.expiring - e.expiring_after as upto
                        from ledger_draft x
                        cross join ledger_balance b on b.account_id = x.source
                         and b.lots and b.expiring > 0
                        cross join ledger_entry e on e.transfer = x.id and e.side = 0) e
                join (select l.account, l.expires_at, l.remaining, l.seq,
                             sum(l.remaining) over laid - l.remaining as since,
                             sum(l.remaining) over laid as upto
                        from ledger_lot l
                       where l.remaining > 0 and l.account in (select source from ledger_draft)
                      window laid as (partition by l.account order by l.expires_at
                                      rows unbounded preceding)) l
                  on l.account = e.account and e.since < e.upto
                 and l.since < e.upto and e.since < l.upto)
      window lot as (partition by account, expires_at order by place rows unbounded preceding);
      -- Put: new lots, or more into those there are.
      insert into ledger_lot_use (transfer, side, account, expires_at, amount, remaining_after, seq)
      select x.id, 1, x.target, x.expires_at, x.amount, coalesce(l.remaining, 0) + x.amount,
             coalesce(l.seq, 0) + 1
        from ledger_set this cross join ledger_draft x
        cross join ledger_balance b on b.account_id = x.target and b.lots
        left join ledger_lot l on l.account = x.target and l.expires_at = x.expires_at
       where this.dates and this.fans_out and x.expires_at is not null;
      insert into ledger_lot_use (transfer, side, account, expires_at, amount, remaining_after, seq)
      select x.id, 1, x.target, x.expires_at, x.amount,
             coalesce(l.remaining, 0) + sum(x.amount) over lot,
             coalesce(l.seq, 0) + row_number() over lot
        from ledger_set this cross join ledger_draft x
        cross join ledger_balance b on b.account_id = x.target and b.lots
        left join ledger_lot l on l.account = x.target and l.expires_at = x.expires_at
       where this.dates and not this.fans_out and x.expires_at is not null
      window lot as (partition by x.target, x.expires_at order by x.place rows unbounded preceding);
      -- One table only after "from": joined with another, SQLite looks for the drafts of all lots.
      update ledger_lot set remaining = remaining + x.amount, seq = seq + 1
        from ledger_draft x
       where account = x.target and ledger_lot.expires_at = x.expires_at
         and (select fans_out from ledger_set);
      update ledger_lot set (remaining, seq) = (select u.remaining_after, u.seq
          from ledger_lot_use u where u.account = ledger_lot.account
           and u.expires_at = ledger_lot.expires_at order by u.seq desc limit 1)
       where account in (select x.source from ledger_draft x
                           join ledger_balance b on b.account_id = x.source and b.expiring > 0
                         union
                         select target from ledger_set this cross join ledger_draft
                          where this.dates and not this.fans_out and expires_at is not null)
         and seq < (select u.seq from ledger_lot_use u where u.account = ledger_lot.account
                      and u.expires_at = ledger_lot.expires_at order by u.seq desc limit 1);
      insert into ledger_lot (account, expires_at, remaining, seq)
      select u.account, u.expires_at, u.remaining_after, max(u.seq)
        from ledger_set this cross join ledger_draft x
        cross join ledger_lot_use u on u.transfer = x.id and u.side = 1
       where this.dates and x.expires_at is not null and not exists (select 1 from ledger_lot l
               where l.account = u.account and l.expires_at = u.expires_at)
       group by u.account, u.expires_at;

      update ledger_balance set posted = posted + x.amount, seq = seq + 1,
             expiring = expiring + iif(lots and x.expires_at is not null, x.amount, 0)
        from ledger_draft x
       where account_id = x.target and (select fans_out from ledger_set);
      update ledger_balance set (posted, seq, expiring) =
          (select e.balance_after, e.seq, coalesce(e.expiring_after, 0) from ledger_entry e
            where e.account = account_id order by e.seq desc limit 1)
       where account_id in
          (select source from ledger_draft
           union select target from ledger_set this cross join ledger_draft
                  where not this.fans_out);
      delete from ledger_draft;
      delete from ledger_set;
    end""",
]


def write_again() -> None:
    """Put these laws in the place of those that an earlier form of this file made."""
    for name in TABLES:  # their triggers go with them
        op.execute(f"drop table {name}")
    for law in (*TABLES.values(), *LAWS):
        op.execute(law)
