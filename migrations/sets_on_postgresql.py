"""Many transfers of one statement, posted by a few statements instead of a loop.

The laws are those of the loop (lots_on_postgresql.py), asked of the whole set at once; both give
the same rows. What the loop alone can do (reversals, holds that are given back to lots, clawbacks
of a grant, an account that both gains and loses dated units) stays with the loop.

`lateral (… offset 0)` looks up the rows of each transfer. A plan is made once for each connection,
perhaps while a table is nearly empty; left to itself the planner then reads all of it for every
transfer, and goes on doing so when it has grown.
"""

#: Transfers of one statement from which on a set is faster than the loop.
SET = 20

#: Whether there are enough of them; asked first and alone, as single transfers ask nothing else.
MANY = f"(select count(*) from fresh) >= {SET}"

#: Whether all transfers of the statement can be posted as a set.
FITS = """
  not exists (select 1 from fresh where reverses is not null or takes is not null)
  and not exists
      (select 1 from fresh x
        cross join lateral (select lots from ledger_balance where account_id = x.target offset 0) t
        cross join lateral (select lots from ledger_balance
                             where account_id = x.source and t.lots offset 0) s
        where t.lots
          and (s.lots or x.source in (select y.target from fresh y)
               or x.target in (select y.source from fresh y)
               or (x.resolves is not null and exists (select 1 from ledger_hold h
                    where h.transfer = x.resolves and h.source = x.target))))
"""

#: The body of the trigger for a set; `law` is a variable of it.
POST = """
      perform 1 from ledger_balance
        where account_id in (select source from fresh union select target from fresh)
          and not deferred order by account_id for update;
      select case
               when s.account_id is null or t.account_id is null then 'ledger_account'
               when s.commodity <> x.commodity or t.commodity <> x.commodity
               then 'ledger_commodity'
               when t.holding <> (x.until is not null) or s.holding <> (x.resolves is not null)
               then 'ledger_held'
               when x.expires_at is not null and s.lots then 'ledger_expiry'
               when t.lots and not s.lots and x.resolves is null and a.owner is not null
               then 'ledger_expiry' end
        into law
        from fresh x
        left join lateral
             (select * from ledger_balance where account_id = x.source offset 0) s on true
        left join lateral
             (select * from ledger_balance where account_id = x.target offset 0) t on true
        left join lateral (select owner from ledger_account
                            where id = x.source and t.lots and not s.lots offset 0) a on true
       where s.account_id is null or t.account_id is null
          or s.commodity <> x.commodity or t.commodity <> x.commodity
          or t.holding <> (x.until is not null) or s.holding <> (x.resolves is not null)
          or (x.expires_at is not null and s.lots)
          or (t.lots and not s.lots and x.resolves is null and a.owner is not null)
       limit 1;
      if law is not null then raise exception '%', law using errcode = 'check_violation'; end if;

      if exists (select 1 from fresh where resolves is not null) then
        perform 1 from ledger_hold where transfer in (select resolves from fresh)
          order by transfer for update;
        select case when h.account is distinct from x.source then 'ledger_resolves'
                    else 'ledger_expiry' end
          into law
          from fresh x
          left join lateral
               (select * from ledger_hold where transfer = x.resolves offset 0) h on true
          left join lateral
               (select * from ledger_transfer where id = x.resolves offset 0) o on true
          left join lateral
               (select * from ledger_balance where account_id = h.source offset 0) g on true
          left join lateral
               (select * from ledger_balance where account_id = x.target offset 0) t on true
         where x.resolves is not null
           and (h.account is distinct from x.source
                or (x.target = h.source and x.expires_at is not null)
                or (t.lots and x.target <> h.source
                    and (g.lots or x.expires_at is distinct from o.expires_at)))
         limit 1;
        if law is not null then raise exception '%', law using errcode = 'check_violation'; end if;
        update ledger_hold h set posted = r.posts, voided = r.voids
          from (select o.transfer,
                       coalesce(sum(t.amount) filter (where t.target <> o.source), 0) as posts,
                       coalesce(sum(t.amount) filter (where t.target = o.source), 0) as voids
                  from (select distinct resolves from fresh) x
                 cross join lateral
                       (select * from ledger_hold where transfer = x.resolves offset 0) o
                 cross join lateral
                       (select * from ledger_transfer where resolves = o.transfer offset 0) t
                 group by o.transfer) r
         where h.transfer = r.transfer;
      end if;

      insert into ledger_entry (transfer, side, account, amount, balance_after, seq,
                                expiring_after, written_in)
      select id, side, account, amount,
             case when deferred then null
                  when amount < 0 and floor > posted + sum(amount) over chain
                  then ledger_refuse('ledger_floor')
                  when amount > 0 and ceiling < posted + sum(amount) over chain
                  then ledger_refuse('ledger_ceiling')
                  else posted + sum(amount) over chain end,
             case when not deferred then seq + row_number() over chain end,
             case when lots then case when expiring + sum(dated) over chain < 0 then 0
                                      else expiring + sum(dated) over chain end end,
             case when deferred then greatest(pg_current_xact_id()::text::bigint, folded) end
        from (select l.*, b.floor, b.ceiling, b.posted, b.seq, b.deferred, b.folded, b.lots,
                     b.expiring,
                     case when l.side = 0 then l.amount
                          when l.expires_at is not null then l.amount else 0 end as dated
                from (select x.id, 0 as side, x.source as account, -x.amount as amount,
                             x.place, x.expires_at
                        from (select *, row_number() over () as place from fresh) x
                      union all
                      select x.id, 1, x.target, x.amount, x.place, x.expires_at
                        from (select *, row_number() over () as place from fresh) x) l
               cross join lateral
                     (select * from ledger_balance where account_id = l.account offset 0) b) legs
      window chain as (partition by account order by place);
      insert into ledger_hold (transfer, account, source, amount, until)
      select id, target, source, amount, until from fresh where until is not null;

      -- Taken: where what the entries of an account took, laid end to end, meets its lots, laid
      -- end to end soonest date first.
      insert into ledger_lot_use (transfer, side, account, expires_at, amount, remaining_after, seq)
      select transfer, 0, account, expires_at, -part,
             (remaining - sum(part) over lot)::bigint, seq + row_number() over lot
        from (select e.transfer, e.account, e.seq as place, l.expires_at, l.remaining, l.seq,
                     (least(e.upto, l.upto) - greatest(e.since, l.since))::bigint as part
                from (select e.transfer, e.account, e.seq,
                             b.expiring - coalesce(p.expiring_after, 0) as since,
                             b.expiring - e.expiring_after as upto
                        from fresh x
                       cross join lateral (select * from ledger_entry
                               where transfer = x.id and side = 0 offset 0) e
                       cross join lateral (select * from ledger_balance
                               where account_id = e.account offset 0) b
                        left join lateral (select expiring_after from ledger_entry
                               where account = e.account and seq = e.seq - 1 offset 0) p on true
                       where b.lots) e
                cross join lateral
                     (select l.expires_at, l.remaining, l.seq,
                             sum(l.remaining) over laid - l.remaining as since,
                             sum(l.remaining) over laid as upto
                        from ledger_lot l
                       where l.remaining > 0 and l.account = e.account
                      window laid as (order by l.expires_at)) l
               where e.since < e.upto and l.since < e.upto and e.since < l.upto) taken
      window lot as (partition by account, expires_at order by place);
      -- Put: new lots, or more into those there are.
      insert into ledger_lot_use (transfer, side, account, expires_at, amount, remaining_after, seq)
      select x.id, 1, x.target, x.expires_at, x.amount,
             (coalesce(l.remaining, 0) + sum(x.amount) over lot)::bigint,
             coalesce(l.seq, 0) + row_number() over lot
        from fresh x
       cross join lateral (select seq, expiring_after from ledger_entry
               where transfer = x.id and side = 1 offset 0) e
        left join lateral (select remaining, seq from ledger_lot
               where account = x.target and expires_at = x.expires_at offset 0) l on true
       where x.expires_at is not null and e.expiring_after is not null
      window lot as (partition by x.target, x.expires_at order by e.seq);
      insert into ledger_lot (account, expires_at, remaining, seq)
      select distinct on (u.account, u.expires_at)
             u.account, u.expires_at, u.remaining_after, u.seq
        from fresh x
       cross join lateral (select * from ledger_lot_use where transfer = x.id offset 0) u
       order by u.account, u.expires_at, u.seq desc
          on conflict (account, expires_at)
          do update set remaining = excluded.remaining, seq = excluded.seq;

      update ledger_balance b set posted = e.balance_after, seq = e.seq,
                                  expiring = coalesce(e.expiring_after, 0)
        from (select distinct on (e.account) e.account, e.balance_after, e.seq, e.expiring_after
                from fresh x
               cross join lateral
                     (select * from ledger_entry where transfer = x.id offset 0) e
               where e.seq is not null
               order by e.account, e.seq desc) e
       where b.account_id = e.account;
      return null;
"""
