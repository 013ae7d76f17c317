"""Seals: what the book said, so that a later change shows even when every guard was switched off.

The triggers keep everybody from rewriting the book who may not switch triggers off. Somebody may:
the database's superuser. So one job gives every transfer, with its entries and lots, a hash (a
*leaf*), in batches, and hashes each batch together with the head before it: a *seal*. The newest
seal goes into the transparency log, whose heads others keep. Who changes a transfer afterwards has
to change its leaf, then every seal after it, and then what the log said to everybody.

A chain written with each transfer would make all of them queue for its head; a job does not. What
is not sealed yet waits in a table that the database fills when a transfer is written.

A transfer names its accounts by number. Whose they are, of what and under which terms is sealed
with the first transfer that touches them: nobody gets points by being given the account. The first
seal that does so takes all accounts there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, exists, func, insert, select, text
from sqlalchemy.orm import Session

from foundation.doors import writing
from foundation.jobs import Job, Summary
from foundation.words import lazy
from ledger import driver
from ledger.models import account_leaf as account_leaves
from ledger.models import leaf as leaves
from ledger.models import seal as seals
from ledger.models import transfer as transfers
from ledger.models import unsealed
from ledger.refusals import MOST

#: Transfers per transaction.
BATCH = 2_000
EMPTY = sha256(b"").digest()

#: Hears of the newest seal: session, seal, now.
Publish = Callable[[Session, "Seal", datetime], None]

# What is hashed of a transfer, as text; the leading 1 is the number of this form.
SQLITE_CONTENT = """json_array(1,
  t.id, t.key, t.source, t.target, t.commodity, t.amount, t.kind, t.about, t.memo, t.at, t.until,
  t.resolves, t.reverses, t.linked, t.expires_at, t.takes,
  s.account, s.amount, s.balance_after, s.seq, s.expiring_after,
  d.account, d.amount, d.balance_after, d.seq, d.expiring_after,
  (select json_group_array(json_array(side, expires_at, amount, remaining_after, seq))
     from (select * from ledger_lot_use u where u.transfer = t.id order by side, expires_at)))"""

POSTGRESQL_USES = """json_agg(json_build_array(side,
  (extract(epoch from expires_at) * 1000000)::bigint, amount, remaining_after, seq)
    order by side, expires_at)"""
POSTGRESQL_CONTENT = """json_build_array(1,
  t.id, t.key, t.source, t.target, t.commodity, t.amount, t.kind, t.about, t.memo::text,
  (extract(epoch from t.at) * 1000000)::bigint, (extract(epoch from t.until) * 1000000)::bigint,
  t.resolves, t.reverses, t.linked, (extract(epoch from t.expires_at) * 1000000)::bigint, t.takes,
  s.account, s.amount, s.balance_after, s.seq, s.expiring_after,
  d.account, d.amount, d.balance_after, d.seq, d.expiring_after,
  {uses})::text"""
#: Of few transfers each is asked for what it did to lots; of all, all are read once.
ITS_USES = f"(select {POSTGRESQL_USES} from ledger_lot_use where transfer = t.id)"  # noqa: S608 - constants
ALL_USES = f"""
  left join (select transfer, {POSTGRESQL_USES} as uses from ledger_lot_use
              where transfer in (select l.transfer from ledger_leaf l where {{}})
              group by transfer) u on u.transfer = t.id"""  # noqa: S608 - constants

CONTENT = {"sqlite": SQLITE_CONTENT, "postgresql": POSTGRESQL_CONTENT.format(uses=ITS_USES)}
JOINS = """
  left join ledger_transfer t on t.id = l.transfer
  left join ledger_entry s on s.transfer = t.id and s.side = 0
  left join ledger_entry d on d.transfer = t.id and d.side = 1"""


# What is hashed of an account, as text; the leading 1 is the number of this form.
SQLITE_ACCOUNT = """json_array(1, a.id, a.owner, a.kind, a.commodity, c.scale, a.opened_at,
  b.floor, b.ceiling, b.holding, b.deferred, b.lots)"""
POSTGRESQL_ACCOUNT = """json_build_array(1, a.id, a.owner, a.kind, a.commodity, c.scale,
  (extract(epoch from a.opened_at) * 1000000)::bigint,
  b.floor, b.ceiling, b.holding, b.deferred, b.lots)::text"""
ACCOUNT = {"sqlite": SQLITE_ACCOUNT, "postgresql": POSTGRESQL_ACCOUNT}
ACCOUNT_JOINS = """
  left join ledger_account a on a.id = x.account
  left join ledger_balance b on b.account_id = a.id and b.commodity = a.commodity
  left join commodity c on c.code = a.commodity"""
EVERY = "select account_id as account from ledger_balance"
#: What the transfers that wait touch.
TOUCHED = """
  select t.source as account from ledger_unsealed w join ledger_transfer t on t.id = w.transfer
   where w.transfer >= :first and w.transfer <= :last
  union
  select t.target from ledger_unsealed w join ledger_transfer t on t.id = w.transfer
   where w.transfer >= :first and w.transfer <= :last"""

#: Leaves after the first number and up to the second (None: to the end); a seal ends at each.
Part = tuple[int, int | None]


@dataclass(frozen=True)
class Seal:
    """The hash over the first `size` transfers, and `accounts` accounts, that were sealed."""

    size: int
    hash: bytes
    accounts: int = 0


@dataclass(frozen=True)
class Broken:
    """The first thing that is not as it was sealed: a transfer's id, an account's number or a
    seal's size."""

    row: str
    sentence: str


#: The columns of a `Seal`.
SEAL = (seals.c.size, seals.c.hash, seals.c.accounts)

_publish: list[Publish] = []


def publish_with(*publish: Publish) -> None:
    """Take who is told of new seals (app.py says so: the log is another room)."""
    _publish[:] = publish


def seal_all(now: datetime) -> int:
    """Seal everything that waits, batch by batch, and publish the last seal; how many there were.

    Several workers may do this at once: they wait for each other. Each batch looks behind the one
    before, as PostgreSQL steps over every row it took away until they are swept; what is committed
    late before it is sealed the next time.
    """
    sealed, last = 0, ""
    while True:
        with writing() as session:
            some = seal_some(session, now, last)
            sealed += len(some)
            if sealed and len(some) < BATCH:
                newest = head(session)
                for publish in _publish:
                    publish(session, newest, now)
        if len(some) < BATCH:
            return sealed
        last = some[-1]


def seal_some(session: Session, now: datetime, after: str = "") -> Sequence[str]:
    """Seal up to `BATCH` transfers that wait, whose ids come after `after`, as one seal; which they
    were."""
    if driver.dialect_of(session) == "postgresql":
        session.execute(text("select pg_advisory_xact_lock(hashtext('ledger_seal'))"))
    before = head(session)
    is_sealed = exists().where(leaves.c.transfer == unsealed.c.transfer)
    # What somebody else put there, no transfer or a sealed one, keeps nobody from being sealed.
    waiting = session.scalars(
        select(unsealed.c.transfer)
        .join(transfers, transfers.c.id == unsealed.c.transfer)
        .where(unsealed.c.transfer > after, ~is_sealed)
        .order_by(unsealed.c.transfer)
        .limit(BATCH)
    ).all()
    if not waiting:
        return []
    hashes = _hashes(session, waiting)
    rows = [
        {"number": number, "transfer": transfer, "hash": hashes[transfer]}
        for number, transfer in enumerate(waiting, start=before.size + 1)
    ]
    session.execute(insert(leaves), rows)
    accounts = _seal_accounts(session, before, waiting)
    sealed = [*(hashes[transfer] for transfer in waiting), *accounts]
    size, covered = before.size + len(rows), before.accounts + len(accounts)
    new = Seal(size, joined(before.hash, sealed), covered)
    session.execute(insert(seals).values(asdict(new) | {"at": now}))
    done = (unsealed.c.transfer > after, unsealed.c.transfer <= waiting[-1], is_sealed)
    session.execute(delete(unsealed).where(*done))
    return waiting


def _seal_accounts(session: Session, before: Seal, ids: Sequence[str]) -> list[bytes]:
    """Write leaves of the accounts that these transfers touch and that have none; their hashes."""
    which = TOUCHED if before.accounts else EVERY
    asked = text(
        f"select x.account, {ACCOUNT[driver.dialect_of(session)]} from ({which}) x {ACCOUNT_JOINS}"  # noqa: S608 - constants
        " where not exists (select 1 from ledger_account_leaf l where l.account = x.account)"
        " order by x.account"
    )
    found = session.execute(asked, {"first": ids[0], "last": ids[-1]} if before.accounts else {})
    rows = [
        {"number": number, "account": account, "hash": sha256(said.encode()).digest()}
        for number, (account, said) in enumerate(found, before.accounts + 1)
    ]
    if rows:
        session.execute(insert(account_leaves), rows)
    return [row["hash"] for row in rows]


def head(session: Session) -> Seal:
    """The newest seal."""
    row = session.execute(select(*SEAL).order_by(seals.c.size.desc()).limit(1)).first()
    return Seal(*row) if row else Seal(0, EMPTY)


def joined(before: bytes, hashes: Sequence[bytes]) -> bytes:
    """The hash of a seal: of the one before it and the leaves since, accounts' after transfers'."""
    return sha256(before + b"".join(hashes)).digest()


def parts(session: Session, many: int) -> list[Part]:
    """All leaves in up to so many parts, each of which ends at a seal; the last one is open."""
    sizes = session.scalars(select(seals.c.size).order_by(seals.c.size)).all()
    middles = sorted({sizes[len(sizes) * each // many] for each in range(1, many)} if sizes else ())
    return list(zip([0, *middles], [*middles, None], strict=True))


def first_broken(session: Session, part: Part = (0, None)) -> Broken | None:
    """Recompute every leaf and seal in order; the first that is not what it was, if any.

    Of a part, what comes before it is taken as it stands: another part looks at that.
    """
    after, upto = part
    here = seals.c.size.between(after, upto or MOST)
    rows = session.execute(select(*SEAL).where(here).order_by(seals.c.size))
    ends = iter([Seal(*row) for row in rows])
    before = next(ends) if after else Seal(0, EMPTY)
    end, number = next(ends, None), after
    since: list[bytes] = []
    for number, (found, transfer, kept, content) in enumerate(_all(session, part), after + 1):
        if found != number or content is None or sha256(content.encode()).digest() != kept:
            return Broken(transfer, f"Transfer {transfer} is not what it was when it was sealed.")
        since.append(kept)
        if end is not None and end.size == number:
            for account, kept, content in _accounts(session, before.accounts, end.accounts):
                if content is None or sha256(content.encode()).digest() != kept:
                    return Broken(
                        account, f"Account {account} is not what it was when it was sealed."
                    )
                since.append(kept)
            covered = before.accounts + len(since) - (end.size - before.size)
            if (joined(before.hash, since), covered) != (end.hash, end.accounts):
                return Broken(str(number), f"The seal of {number} transfers does not fit them.")
            before, end, since = end, next(ends, None), []
    if end is not None or since:
        return Broken(str(number), f"The leaves end at {number}, the seals elsewhere.")
    return None


def _accounts(session: Session, after: int, upto: int) -> Iterator[tuple[str, bytes, str | None]]:
    """Sealed accounts in order, each with what it is now; None when one is gone."""
    content = ACCOUNT[driver.dialect_of(session)]
    asked = text(
        f"select x.account, x.hash, case when b.account_id is not null then {content} end"  # noqa: S608 - constants
        f" from ledger_account_leaf x {ACCOUNT_JOINS}"
        " where x.number > :after and x.number <= :upto order by x.number"
    )
    for start in range(after, upto, BATCH):
        numbers = {"after": start, "upto": min(start + BATCH, upto)}
        for account, kept, said in session.execute(asked, numbers):
            yield str(account), kept, said


def served(session: Session, subjects: Sequence[str]) -> dict[str, Mapping[str, Any] | None]:
    """What the book says today of each published seal (`ledger:<size>`), for the log's auditor."""
    sizes = [int(each.removeprefix("ledger:")) for each in subjects]
    found = [Seal(*row) for row in session.execute(select(*SEAL).where(seals.c.size.in_(sizes)))]
    return {subject_of(seal): content_of(seal) for seal in found}


def subject_of(seal: Seal) -> str:
    """What the log calls a seal."""
    return f"ledger:{seal.size}"


def content_of(seal: Seal) -> dict[str, Any]:
    """What the log commits to when a seal is published."""
    return {"size": seal.size, "hash": seal.hash.hex()}


def run(now: datetime) -> str:
    """The periodic job."""
    return Summary("Transfers sealed: %(count)s", count=seal_all(now))


JOB = Job("ledger.seal", timedelta(hours=1), run, lazy("Seal the book"))


def count_waiting(session: Session) -> int:
    """How many transfers are not sealed yet."""
    return session.execute(select(func.count()).select_from(unsealed)).scalar_one()


def _hashes(session: Session, ids: Sequence[str]) -> dict[str, bytes]:
    rows = session.execute(
        text(
            f"select l.transfer, {CONTENT[driver.dialect_of(session)]}"  # noqa: S608 - constants
            f" from ledger_unsealed l {JOINS} where l.transfer >= :first and l.transfer <= :last"
        ),
        {"first": ids[0], "last": ids[-1]},
    )
    return {transfer: sha256(content.encode()).digest() for transfer, content in rows}


def _all(session: Session, part: Part) -> Iterator[Any]:
    """Every leaf of the part in order, with what its transfer says now; None when it is gone."""
    after, upto = part
    here = f"l.number > {after:d} and l.number <= {upto or MOST:d}"
    content, joins = CONTENT[driver.dialect_of(session)], JOINS
    if driver.dialect_of(session) == "postgresql":
        content, joins = POSTGRESQL_CONTENT.format(uses="u.uses"), JOINS + ALL_USES.format(here)
    found = f"case when t.id is not null then {content} end"
    query = f"select l.number, l.transfer, l.hash, {found} from ledger_leaf l {joins} where {here}"  # noqa: S608 - constants
    return driver.stream(session, f"{query} order by l.number")
