"""The audit: everything the database promised, recomputed from the rows.

It is the oracle of the tests, a nightly job and a command. Each check names the first bad row, in
the order things were written; a superuser who switched the triggers off is found here.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

from sqlalchemy import text
from sqlalchemy.orm import Session

from foundation.doors import database, reading
from ledger import sealing


@dataclass(frozen=True)
class Finding:
    """One law broken: which, at which row first, and in how many rows."""

    check: str
    row: str
    count: int
    sentence: str


@dataclass(frozen=True)
class Check:
    """A law, and the query that selects the rows breaking it, in order (first column: the row)."""

    name: str
    sentence: str
    broken: str


CHECKS = (
    Check(
        "sides",
        "Transfer %s does not have exactly its two entries.",
        """select t.id from ledger_transfer t
             left join ledger_entry s on s.transfer = t.id and s.side = 0
             left join ledger_entry d on d.transfer = t.id and d.side = 1
            where coalesce(s.account, 0) <> t.source or coalesce(s.amount, 0) <> -t.amount
               or coalesce(d.account, 0) <> t.target or coalesce(d.amount, 0) <> t.amount
            order by t.id""",
    ),
    Check(
        "orphans",
        "Entry %s has no transfer.",
        """select e.transfer from ledger_entry e
             left join ledger_transfer t on t.id = e.transfer
            where t.id is null order by e.transfer""",
    ),
    Check(
        "commodities",
        "Transfer %s moves between accounts of different commodities.",
        """select t.id from ledger_transfer t
             left join ledger_account s on s.id = t.source
             left join ledger_account d on d.id = t.target
            where coalesce(s.commodity, '') <> t.commodity
               or coalesce(d.commodity, '') <> t.commodity
            order by t.id""",
    ),
    Check(
        "chain",
        "The running balance is broken at the entry of transfer %s.",
        """select e.transfer from ledger_entry e
             left join ledger_entry before
               on before.account = e.account and before.seq = e.seq - 1
            where e.seq is not null
              and (e.balance_after <> coalesce(before.balance_after, 0) + e.amount
                   or (before.seq is null and e.seq <> 1))
            order by e.transfer""",
    ),
    Check(
        "balances",
        "The balance of account %s is not that of its last entry.",
        """select b.account_id from ledger_balance b
             left join ledger_entry e on e.account = b.account_id and e.seq = b.seq
            where not b.deferred
              and (coalesce(e.balance_after, 0) <> b.posted or (b.seq > 0 and e.seq is null)
                   or exists (select 1 from ledger_entry later
                               where later.account = b.account_id and later.seq > b.seq)
                   or exists (select 1 from ledger_entry loose
                               where loose.account = b.account_id and loose.seq is null))
            order by b.account_id""",
    ),
    Check(
        "folds",
        "The balance of deferred account %s is not the sum of the entries added to it.",
        """select b.account_id from ledger_balance b
            where b.deferred and (b.posted <> (select coalesce(sum(e.amount), 0)
                    from ledger_entry e where e.account = b.account_id and e.written_in < b.folded)
               or b.seq <> (select count(*)
                    from ledger_entry e where e.account = b.account_id and e.written_in < b.folded))
            order by b.account_id""",
    ),
    Check(
        "limits",
        "The balance of account %s is beyond its limits.",
        """select account_id from ledger_balance
            where floor > posted or ceiling < posted order by account_id""",
    ),
    Check(
        "zero",
        "The balances of %s do not sum to zero.",
        """select b.commodity
             from (select commodity, sum(posted) as total from ledger_balance group by commodity) b
             left join (select p.commodity, sum(e.amount) as total
                          from ledger_balance p join ledger_entry e on e.account = p.account_id
                           and e.seq is null and e.written_in >= p.folded
                         where p.deferred group by p.commodity) loose
               on loose.commodity = b.commodity
            where b.total + coalesce(loose.total, 0) <> 0 order by b.commodity""",
    ),
    Check(
        "holds",
        "Hold %s does not say what its transfers say.",
        """select t.id from ledger_transfer t
             left join ledger_hold h on h.transfer = t.id
             left join (select resolves, sum(amount) as total from ledger_transfer
                         where resolves is not null group by resolves) r on r.resolves = t.id
            where (t.until is null) <> (h.transfer is null)
               or (h.transfer is not null
                   and (h.account <> t.target or h.source <> t.source or h.amount <> t.amount
                        or h.until <> t.until
                        or h.posted + h.voided <> coalesce(r.total, 0)
                        or h.posted + h.voided > h.amount))
               or (h.transfer is null and r.total is not null)
            order by t.id""",
    ),
    Check(
        "pending",
        "Pending account %s does not hold what its holds say.",
        """select b.account_id from ledger_balance b
             left join (select account, sum(amount - posted - voided) as total
                          from ledger_hold group by account) h on h.account = b.account_id
            where b.holding and b.posted <> coalesce(h.total, 0) order by b.account_id""",
    ),
    Check(
        "reversals",
        "Transfer %s was reversed the wrong way or by more than itself.",
        """select o.id from ledger_transfer o
             join (select reverses, sum(amount) as total, min(source) as source,
                          max(source) as other, min(target) as target, max(target) as another
                     from ledger_transfer where reverses is not null group by reverses) r
               on r.reverses = o.id
            where r.total > o.amount or r.source <> o.target or r.other <> o.target
               or r.target <> o.source or r.another <> o.source or o.reverses is not null
            order by o.id""",
    ),
    Check(
        "lots",
        "A lot of account %s does not say what its uses say.",
        """select account from
             (select l.account from ledger_lot l
                left join (select account, expires_at, sum(amount) as total, max(seq) as last,
                                  count(*) as uses
                             from ledger_lot_use group by account, expires_at) u
                  on u.account = l.account and u.expires_at = l.expires_at
               where l.remaining <> coalesce(u.total, 0) or l.seq <> coalesce(u.last, 0)
                  or u.uses <> u.last
              union all
              select u.account from ledger_lot_use u
                left join ledger_lot l
                  on l.account = u.account and l.expires_at = u.expires_at
               where l.account is null) wrong
            order by account""",
    ),
    Check(
        "lot chain",
        "What remains of a lot is wrong after transfer %s.",
        """select transfer from
             (select transfer, amount, remaining_after,
                     lag(remaining_after, 1, 0) over (partition by account, expires_at
                                                      order by seq) as before
                from ledger_lot_use) chain
            where remaining_after <> before + amount order by transfer""",
    ),
    Check(
        "expiring",
        "Account %s has other lots than its balance and last entry say.",
        """select b.account_id from ledger_balance b
             left join (select account, sum(remaining) as total from ledger_lot
                         group by account) l on l.account = b.account_id
             left join ledger_entry e on e.account = b.account_id and e.seq = b.seq
            where b.expiring <> coalesce(l.total, 0)
               or b.expiring <> coalesce(e.expiring_after, 0)
               or (b.expiring > 0 and not b.lots) or (b.expiring > 0 and b.expiring > b.posted)
            order by b.account_id""",
    ),
    Check(
        "uses",
        "Transfer %s took from lots, or put into them, another amount than its entry says.",
        """select transfer from
             (select e.transfer, e.moved, coalesce(u.total, 0) as used
                from (select transfer, side, expiring_after
                             - lag(expiring_after, 1, 0) over (partition by account order by seq)
                             as moved
                        from ledger_entry where expiring_after is not null
                         and account in (select account from ledger_lot)) e
                left join (select transfer, side, sum(amount) as total from ledger_lot_use
                            group by transfer, side) u
                  on u.transfer = e.transfer and u.side = e.side
              union all
              select transfer, 1, 0 from ledger_entry
               where expiring_after <> 0 and account not in (select account from ledger_lot)
              union all
              select u.transfer, 0, 1 from ledger_lot_use u
                left join ledger_entry e on e.transfer = u.transfer and e.side = u.side
                 and e.account = u.account
               where e.expiring_after is null) moves
            where moved <> used order by transfer""",
    ),
    Check(
        "dates",
        "Transfer %s gave units a date that neither it nor what it brings back has.",
        """select u.transfer from ledger_lot_use u
             join ledger_transfer t on t.id = u.transfer
            where u.side = 1 and coalesce(t.expires_at <> u.expires_at, true)
              and not exists (select 1 from ledger_lot_use o
                               where o.transfer in (t.id, t.reverses, t.resolves)
                                 and o.side = 0 and o.expires_at = u.expires_at)
            order by u.transfer""",
    ),
    Check(
        "sealing",
        "Transfer %s is neither sealed nor waiting for it.",
        """select t.id from ledger_transfer t
             left join ledger_leaf l on l.transfer = t.id
             left join ledger_unsealed u on u.transfer = t.id
            where (l.transfer is null) = (u.transfer is null) order by t.id""",
    ),
)

APPEND_ONLY = (
    "commodity",
    "ledger_account",
    "ledger_transfer",
    "ledger_entry",
    "ledger_lot_use",
    "ledger_leaf",
    "ledger_account_leaf",
    "ledger_seal",
)
GUARDS = {
    "sqlite": {f"{table}_no_{act}" for table in APPEND_ONLY for act in ("update", "delete")}
    | {
        "ledger_transfer_post",
        "ledger_transfer_rest",
        "ledger_posting_post",
        "ledger_posting_hold",
        "ledger_posting_resolve",
        "ledger_posting_reverse",
        "ledger_posting_expiry",
        "ledger_entry_only",
        "ledger_entry_move",
        "ledger_entry_lots",
        "ledger_moving_take",
        "ledger_moving_put",
        "ledger_balance_open",
        "ledger_balance_move",
        "ledger_balance_no_delete",
        "ledger_hold_open",
        "ledger_hold_step",
        "ledger_hold_no_delete",
        "ledger_lot_use_only",
        "ledger_lot_use_move",
        "ledger_lot_open",
        "ledger_lot_step",
        "ledger_lot_no_delete",
        "ledger_set_open",
        "ledger_set_post",
        "ledger_unsealed_no_update",
        "ledger_unsealed_no_delete",
    },
    "postgresql": {f"{table}_append_only" for table in APPEND_ONLY}
    | {f"{table}_no_truncate" for table in APPEND_ONLY}
    | {
        "ledger_transfer_post",
        "ledger_entry_only",
        "ledger_balance_open",
        "ledger_balance_move",
        "ledger_balance_no_delete",
        "ledger_balance_no_truncate",
        "ledger_hold_open",
        "ledger_hold_step",
        "ledger_hold_no_delete",
        "ledger_hold_no_truncate",
        "ledger_lot_use_only",
        "ledger_lot_open",
        "ledger_lot_step",
        "ledger_lot_move",
        "ledger_lot_no_delete",
        "ledger_lot_no_truncate",
        "ledger_unsealed_keep",
        "ledger_unsealed_no_truncate",
    },
}
STANDING = {
    "sqlite": "select name from sqlite_master where type = 'trigger'",
    "postgresql": "select tgname from pg_trigger where tgenabled in ('O', 'A')",
}

#: In how many parts two readers look at the seals. On SQLite all of them take one reader as long as
#: all laws take the other; on PostgreSQL longer.
SEALS = {"sqlite": 1, "postgresql": 2}

Tell = Callable[[str, int, int], None]
Question = Callable[[Session], list[Finding]]


def audit(session: Session, tell: Tell = lambda name, done, total: None) -> list[Finding]:
    """Every law that is broken, with its first bad row; an empty list when the book is whole.

    `tell(name, done, total)` hears which check is next, for a progress bar.
    """
    findings = _laws(session, tell)
    tell("seals", len(CHECKS), len(CHECKS))
    findings += _seals(session)
    tell("", len(CHECKS), len(CHECKS))
    return findings


def audit_by_two(tell: Tell = lambda name, done, total: None) -> list[Finding]:
    """`audit` of what is committed, the checks shared by two processes, for books of millions.

    Each check sees one state of the book. What is written meanwhile may be in some and not in
    others, which no check minds.
    """
    with reading() as session:
        parts = sealing.parts(session, SEALS[session.get_bind().dialect.name])
    asked: list[Question] = [partial(_seals, part=part) for part in parts]  # what takes longest
    asked += [_guards, *(partial(_broken, check) for check in CHECKS)]
    database().close()  # no connection is shared with a fork
    with ProcessPoolExecutor(2, get_context("fork")) as readers:
        answers = [readers.submit(_read, question) for question in asked]
        for done, _answer in enumerate(as_completed(answers), 1):
            tell("checks", done, len(asked))
    found = [finding for answer in answers[len(parts) :] for finding in answer.result()]
    # A seal between two parts may be found by both.
    found += next((each.result() for each in answers[: len(parts)] if each.result()), [])
    places = {name: place for place, name in enumerate(["guards", *(c.name for c in CHECKS)])}
    return sorted(found, key=lambda finding: places.get(finding.check, len(places)))


def _laws(session: Session, tell: Tell) -> list[Finding]:
    findings = _guards(session)
    for number, check in enumerate(CHECKS):
        tell(check.name, number, len(CHECKS))
        findings += _broken(check, session)
    return findings


def _broken(check: Check, session: Session) -> list[Finding]:
    rows = session.execute(text(check.broken)).scalars().all()
    if not rows:
        return []
    return [Finding(check.name, str(rows[0]), len(rows), check.sentence % rows[0])]


def _seals(session: Session, part: sealing.Part = (0, None)) -> list[Finding]:
    broken = sealing.first_broken(session, part)
    return [Finding("seals", broken.row, 1, broken.sentence)] if broken else []


def _read(question: Question) -> list[Finding]:
    with reading() as session:
        return question(session)


def _guards(session: Session) -> list[Finding]:
    dialect = session.get_bind().dialect.name
    missing = sorted(GUARDS[dialect] - set(session.scalars(text(STANDING[dialect]))))
    # The guards of single rows stand aside while a set is posted; nobody sees it otherwise.
    if dialect == "sqlite" and session.scalar(text("select count(*) from ledger_set")):
        missing.append("ledger_set_post")
    if not missing:
        return []
    sentence = f"The database's guard {missing[0]} is missing or switched off."
    return [Finding("guards", missing[0], len(missing), sentence)]
