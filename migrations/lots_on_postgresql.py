"""The laws of expiry on PostgreSQL; those of migration 0300 they replace are put back from there.

A transfer is posted by one trigger per statement, so that it may carry many. What an entry moves in
units that expire is known before anything is written (`expiring_after`); the lots that it moves are
written next to it, must add up to exactly that, and nobody can add to them later.
"""

from alembic import op

from migrations import whose_tables
from migrations.sets_on_postgresql import FITS, MANY, POST

FUNCTIONS = (
    "ledger_refuse(text)",
    "ledger_lot_move(text, smallint, bigint, timestamptz[], bigint[])",
    "ledger_lot_use_only()",
    "ledger_lot_step()",
    "ledger_lot_open()",
    "ledger_lot_keep()",
)

#: Written anew here, as they were in 0300 when this migration is undone.
REPLACED = (
    "function ledger_transfer_post()",
    "trigger ledger_transfer_post ",
    "function ledger_balance_move()",
    "function ledger_balance_open()",
)

#: They run with the rights of the tables' owner.
WITH_RIGHTS = ("ledger_transfer_post()", "ledger_fold(bigint)")
# Plans are made once for each connection, perhaps while the tables are small, and kept while they
# grow: what joins a set with the book goes by the book's indexes, always. Their costs are then
# believed to be high, which is no reason to compile them, nor to plan them anew for each row.
BY_INDEX = ("enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin", "jit")


def give_rights() -> None:
    """Let the functions write what the role that fires them may only read.

    Nobody can slip tables under them.
    """
    schema = op.get_bind().exec_driver_sql("select quote_ident(current_schema())").scalar_one()
    for function in WITH_RIGHTS:
        op.execute(f"alter function {function} security definer")
        op.execute(f"alter function {function} set search_path = {schema}, pg_temp")
    for way in BY_INDEX:
        op.execute(f"alter function ledger_transfer_post() set {way} = off")
    op.execute("alter function ledger_transfer_post() set plan_cache_mode = force_generic_plan")


def write_again() -> None:
    """Replace the functions of a database that has those of an earlier day."""
    for law in LAWS:
        if law.startswith("create function"):
            op.execute(law.replace("create function", "create or replace function", 1))
    give_rights()
    whose_tables.name_them()


def use_at(row: str, seq: str) -> str:
    """Which use of the lot of `row` has the number `seq`.

    As a range, which one index alone can find: while the table is nearly empty another looks as
    good to the planner, and its plan stays when the table has grown.
    """
    place = f"({row}.account, {row}.expires_at, {seq})"
    return f"(account, expires_at, seq) >= {place} and (account, expires_at, seq) <= {place}"


LAWS = [
    # In the middle of a query.
    """create function ledger_refuse(law text) returns bigint language plpgsql as $$
    begin raise exception '%', law using errcode = 'check_violation'; end $$""",
    # Moves the lots of one entry; `dates` and `amounts` (signed like the entry) belong together.
    """create function ledger_lot_move(which text, at_side smallint, whose bigint,
                                      dates timestamptz[], amounts bigint[])
    returns void language plpgsql as $$
    begin
      insert into ledger_lot_use
             (transfer, side, account, expires_at, amount, remaining_after, seq)
      select which, at_side, whose, p.expires_at, p.amount, coalesce(l.remaining, 0) + p.amount,
             coalesce(l.seq, 0) + 1
        from unnest(dates, amounts) p(expires_at, amount)
        left join ledger_lot l on l.account = whose and l.expires_at = p.expires_at;
      insert into ledger_lot (account, expires_at, remaining, seq)
      select account, expires_at, remaining_after, seq from ledger_lot_use
       where transfer = which and side = at_side
          on conflict (account, expires_at)
          do update set remaining = excluded.remaining, seq = excluded.seq;
    end $$""",
    # Balances are locked in ascending order, so that two transfers never wait for each other;
    # deferred ones are not locked at all. After a restore into a new server, whose transactions
    # are numbered from the start, entries take the number up to which was folded: none is missed.
    f"""create function ledger_transfer_post() returns trigger language plpgsql as $$
    #variable_conflict use_column
    declare
      law text;
      x ledger_transfer; b ledger_balance; s ledger_balance; t ledger_balance;
      h ledger_hold; o ledger_transfer; posts bigint; voids bigint;
      back text; taken bigint; put bigint; own timestamptz; rest_first boolean;
      rest bigint; total bigint; dates timestamptz[]; amounts bigint[];
    begin
      insert into ledger_unsealed select id from fresh;
      if {MANY} then
        if {FITS} then
          {POST}
        end if;
      end if;
      for x in select * from fresh loop
        s := null; t := null; h := null; back := x.reverses; taken := 0; put := 0;
        for b in select * from ledger_balance
                  where account_id in (x.source, x.target) and not deferred
                  order by account_id for update loop
          if b.account_id = x.source then s := b; else t := b; end if;
        end loop;
        if s.account_id is null then
          select * into s from ledger_balance where account_id = x.source;
        end if;
        if t.account_id is null then
          select * into t from ledger_balance where account_id = x.target;
        end if;
        if s.account_id is null or t.account_id is null then
          raise exception 'ledger_account' using errcode = 'foreign_key_violation'; end if;
        if s.commodity <> x.commodity or t.commodity <> x.commodity then
          raise exception 'ledger_commodity' using errcode = 'check_violation'; end if;
        if t.holding <> (x.until is not null) or s.holding <> (x.resolves is not null) then
          raise exception 'ledger_held' using errcode = 'check_violation'; end if;
        if s.floor > s.posted - x.amount then
          raise exception 'ledger_floor' using errcode = 'check_violation'; end if;
        if t.ceiling < t.posted + x.amount then
          raise exception 'ledger_ceiling' using errcode = 'check_violation'; end if;

        if x.resolves is not null then
          select * into h from ledger_hold where transfer = x.resolves for update;
          if h.account is distinct from x.source then
            raise exception 'ledger_resolves' using errcode = 'check_violation'; end if;
          select coalesce(sum(amount) filter (where target <> h.source), 0),
                 coalesce(sum(amount) filter (where target = h.source), 0)
            into posts, voids from ledger_transfer where resolves = x.resolves;
          if posts + voids > h.amount then
            raise exception 'ledger_resolved' using errcode = 'check_violation'; end if;
          update ledger_hold set posted = posts, voided = voids
           where transfer = x.resolves and (posted, voided) <> (posts, voids);
          if h.source = x.target then back := x.resolves; end if;
        end if;
        if x.reverses is not null then
          select * into o from ledger_transfer where id = x.reverses for no key update;
          if o.reverses is not null or o.source is distinct from x.target
             or o.target is distinct from x.source then
            raise exception 'ledger_reverses' using errcode = 'check_violation'; end if;
          if o.amount < (select sum(amount) from ledger_transfer where reverses = x.reverses) then
            raise exception 'ledger_reversed' using errcode = 'check_violation'; end if;
        end if;

        -- Out of lots, soonest date first; what never expires comes last. What takes a grant back
        -- begins with units of the grant's own date.
        if x.expires_at is not null and (s.lots or back is not null) then
          raise exception 'ledger_expiry' using errcode = 'check_violation'; end if;
        if s.lots and s.expiring > 0 then
          own := null; rest_first := false;
          if coalesce(x.takes, x.reverses) is not null then
            select * into o from ledger_transfer where id = coalesce(x.takes, x.reverses);
            own := o.expires_at;
            rest_first := own is null and not exists
              (select 1 from ledger_lot_use where transfer = o.id and side = 1);
          end if;
          taken := case when rest_first then greatest(0, x.amount - (s.posted - s.expiring))
                        else least(x.amount, s.expiring) end;
        end if;
        -- Into lots: back as they were taken, the last taken first; on with their dates from one
        -- member to another; or new ones. A member's spent units come back by a reversal only.
        if t.lots then
          if back is not null then
            select coalesce(-sum(amount), 0) into rest from ledger_lot_use
             where transfer = back and side = 0;
            if rest > 0 then
              select amount - rest into rest from ledger_transfer where id = back;
              select x.amount + coalesce(sum(e.amount), 0) into total
                from ledger_transfer r join ledger_entry e on e.transfer = r.id and e.side = 1
               where (r.reverses = back or r.resolves = back) and r.target = x.target;
              put := greatest(0, total - rest) - greatest(0, total - x.amount - rest);
            end if;
          elsif x.resolves is not null then
            if x.expires_at is distinct from
                 (select expires_at from ledger_transfer where id = x.resolves)
               or exists (select 1 from ledger_balance where account_id = h.source and lots) then
              raise exception 'ledger_expiry' using errcode = 'check_violation'; end if;
            put := case when x.expires_at is null then 0 else x.amount end;
          elsif s.lots then
            put := taken;
          elsif exists (select 1 from ledger_account where id = x.source and owner is not null) then
            raise exception 'ledger_expiry' using errcode = 'check_violation';
          elsif x.expires_at is not null then
            put := x.amount;
          end if;
        end if;

        insert into ledger_entry (transfer, side, account, amount, balance_after, seq,
                                  expiring_after, written_in)
        values (x.id, 0, x.source, -x.amount,
                case when not s.deferred then s.posted - x.amount end,
                case when not s.deferred then s.seq + 1 end,
                case when s.lots then s.expiring - taken end,
                case when s.deferred
                     then greatest(pg_current_xact_id()::text::bigint, s.folded) end),
               (x.id, 1, x.target, x.amount,
                case when not t.deferred then t.posted + x.amount end,
                case when not t.deferred then t.seq + 1 end,
                case when t.lots then t.expiring + put end,
                case when t.deferred
                     then greatest(pg_current_xact_id()::text::bigint, t.folded) end);
        update ledger_balance set
               posted = posted + case account_id when x.source then -x.amount else x.amount end,
               seq = seq + 1,
               expiring = expiring + case account_id when x.source then -taken else put end
         where account_id in (x.source, x.target) and not deferred;
        if x.until is not null then
          insert into ledger_hold (transfer, account, source, amount, until)
          values (x.id, x.target, x.source, x.amount, x.until);
        end if;

        if taken > 0 then
          select array_agg(expires_at),
                 array_agg(-least(remaining, taken - (upto - remaining))::bigint)
            into dates, amounts
            from (select expires_at, remaining, sum(remaining) over
                         (order by expires_at is distinct from own, expires_at) as upto
                    from ledger_lot where account = x.source and remaining > 0) open
           where upto - remaining < taken;
          perform ledger_lot_move(x.id, 0::smallint, x.source, dates, amounts);
        end if;
        if put > 0 then
          if back is not null then
            select array_agg(expires_at),
                   array_agg(least(still, put - (upto - still))::bigint) into dates, amounts
              from (select expires_at, still, sum(still) over (order by expires_at desc) as upto
                      from (select u.expires_at, -u.amount - coalesce((select sum(g.amount)
                                     from ledger_lot_use g join ledger_transfer r
                                       on r.id = g.transfer
                                    where g.side = 1 and g.account = u.account
                                      and g.expires_at = u.expires_at
                                      and (r.reverses = back or r.resolves = back)), 0) as still
                              from ledger_lot_use u
                             where u.transfer = back and u.side = 0) owing
                     where still > 0) given
             where upto - still < put;
          elsif s.lots then
            select array_agg(-each) into amounts from unnest(amounts) each;
          else
            dates := array[x.expires_at]; amounts := array[x.amount];
          end if;
          perform ledger_lot_move(x.id, 1::smallint, x.target, dates, amounts);
        end if;
      end loop;
      return null;
    end $$""",
    """create trigger ledger_transfer_post after insert on ledger_transfer
      referencing new table as fresh
      for each statement execute function ledger_transfer_post()""",
    # A balance moves only onto an entry that is already written; a deferred one only by a fold
    # that adds up exactly the entries of the transactions it names, all of them over. Two questions
    # of their own: a plan for both at once counts on many deferred entries, and seems dear enough
    # to be made anew for every row.
    """create function ledger_balance_move() returns trigger language plpgsql as $$
    begin
      if (new.account_id, new.commodity, new.floor, new.ceiling, new.holding, new.deferred,
          new.lots) is distinct from
         (old.account_id, old.commodity, old.floor, old.ceiling, old.holding, old.deferred,
          old.lots) then
        raise exception 'ledger_balance' using errcode = 'restrict_violation'; end if;
      if not old.deferred and new.seq > old.seq and new.folded = old.folded then
        if exists (select 1 from ledger_entry where account = new.account_id
             and seq = new.seq and balance_after = new.posted
             and coalesce(expiring_after, 0) = new.expiring) then
          return new; end if;
      end if;
      if old.deferred and new.folded > old.folded and new.expiring = 0
         and new.folded <= pg_snapshot_xmin(pg_current_snapshot())::text::bigint then
        if (new.posted - old.posted, new.seq - old.seq) =
             (select coalesce(sum(amount), 0)::bigint, count(*) from ledger_entry
               where account = old.account_id and seq is null
                 and written_in >= old.folded and written_in < new.folded) then
          return new; end if;
      end if;
      raise exception 'ledger_balance' using errcode = 'restrict_violation';
    end $$""",
    """create function ledger_balance_open() returns trigger language plpgsql as $$
    begin
      if new.posted <> 0 or new.seq <> 0 or new.folded <> 0 or new.expiring <> 0 then
        raise exception 'ledger_balance' using errcode = 'restrict_violation'; end if;
      return new;
    end $$""",
    # All that an entry moves between lots is written with it: afterwards nothing fits any more.
    f"""create function ledger_lot_use_only() returns trigger language plpgsql as $$
    begin
      if exists (select 1 from (select transfer, side, account, bool_and(amount > 0) as is_credit,
                                       bool_or(amount > 0) as is_some_credit
                                  from fresh group by transfer, side, account) f
                   left join lateral
                        (select * from ledger_entry
                          where transfer = f.transfer and side = f.side and account = f.account
                            and (amount > 0) = f.is_credit and (amount > 0) = f.is_some_credit
                         offset 0) e on true
                   left join lateral
                        (select expiring_after from ledger_entry
                          where account = e.account and seq = e.seq - 1 offset 0) p on true
                  where e.expiring_after - coalesce(p.expiring_after, 0) is distinct from
                        (select sum(amount) from ledger_lot_use
                          where transfer = f.transfer and side = f.side))
         or exists (select 1 from fresh f
                      left join lateral
                           (select seq, remaining_after from ledger_lot_use
                             where {use_at("f", "f.seq - 1")} offset 0) p on true
                     where f.remaining_after <> coalesce(p.remaining_after, 0) + f.amount
                        or (p.seq is null and f.seq <> 1)) then
        raise exception 'ledger_lot' using errcode = 'restrict_violation'; end if;
      return null;
    end $$""",
    """create trigger ledger_lot_use_only after insert on ledger_lot_use
      referencing new table as fresh
      for each statement execute function ledger_lot_use_only()""",
    # What remains of a lot moves only onto a use that is already written.
    f"""create function ledger_lot_step() returns trigger language plpgsql as $$
    begin
      if (new.account, new.expires_at) = (old.account, old.expires_at) and new.seq > old.seq
         and exists (select 1 from ledger_lot_use
             where {use_at("new", "new.seq")} and remaining_after = new.remaining) then
        return new; end if;
      raise exception 'ledger_lot' using errcode = 'restrict_violation';
    end $$""",
    """create trigger ledger_lot_step before update on ledger_lot
      for each row execute function ledger_lot_step()""",
    f"""create function ledger_lot_open() returns trigger language plpgsql as $$
    begin
      if exists (select 1 from fresh n
                   left join lateral
                        (select remaining_after from ledger_lot_use
                          where {use_at("n", "n.seq")} offset 0) u on true
                  where n.remaining is distinct from u.remaining_after) then
        raise exception 'ledger_lot' using errcode = 'restrict_violation'; end if;
      return null;
    end $$""",
    """create trigger ledger_lot_open after insert on ledger_lot
      referencing new table as fresh
      for each statement execute function ledger_lot_open()""",
    """create function ledger_lot_keep() returns trigger language plpgsql as $$
    begin raise exception 'ledger_lot' using errcode = 'restrict_violation'; end $$""",
    """create trigger ledger_lot_no_delete before delete on ledger_lot
      for each row execute function ledger_lot_keep()""",
    """create trigger ledger_lot_no_truncate before truncate on ledger_lot
      for each statement execute function ledger_lot_keep()""",
]
