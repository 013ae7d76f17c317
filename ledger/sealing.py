"""Seals: what the book said, so that a later change shows even when every guard was switched off.

The triggers keep everybody from rewriting the book who may not switch triggers off. Somebody may:
the database's superuser. So one job gives every transfer, with its entries and lots, a hash (a
*leaf*), in batches, and hashes each batch together with the head before it: a *seal*. The newest
seal goes into the transparency log, whose heads others keep. Who changes a transfer afterwards has
to change its leaf, then every seal after it, and then what the log said to everybody.

A chain written with each transfer would make all of them queue for its head; a job does not. What
is not sealed yet waits in a table that the database fills when a transfer is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.orm import Session

from foundation.doors import writing
from foundation.jobs import Job, Summary
from foundation.words import lazy
from ledger import driver
from ledger.models import leaf as leaves
from ledger.models import seal as seals
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


#: Leaves after the first number and up to the second (None: to the end); a seal ends at each.
Part = tuple[int, int | None]


@dataclass(frozen=True)
class Seal:
    """The hash over the first `size` transfers that were sealed."""

    size: int
    hash: bytes


@dataclass(frozen=True)
class Broken:
    """The first thing that is not as it was sealed: a transfer's id or a seal's size."""

    row: str
    sentence: str


_publish: list[Publish] = []


def publish_with(*publish: Publish) -> None:
    """Take who is told of new seals (app.py says so: the log is another room)."""
    _publish[:] = publish


def seal_all(now: datetime) -> int:
    """Seal everything that waits, batch by batch, and publish the last seal; how many there were.

    Several workers may do this at once: they wait for each other.
    """
    sealed = 0
    while True:
        with writing() as session:
            many = seal_some(session, now)
            sealed += many
            if sealed and many < BATCH:
                newest = head(session)
                for publish in _publish:
                    publish(session, newest, now)
        if many < BATCH:
            return sealed


def seal_some(session: Session, now: datetime) -> int:
    """Seal up to `BATCH` transfers that wait, as one seal; how many they were."""
    if driver.dialect_of(session) == "postgresql":
        session.execute(text("select pg_advisory_xact_lock(hashtext('ledger_seal'))"))
    before = head(session)
    waiting = session.scalars(
        select(unsealed.c.transfer).order_by(unsealed.c.transfer).limit(BATCH)
    ).all()
    if not waiting:
        return 0
    hashes = _hashes(session, waiting)
    rows = [
        {"number": number, "transfer": transfer, "hash": hashes[transfer]}
        for number, transfer in enumerate(waiting, start=before.size + 1)
    ]
    session.execute(insert(leaves), rows)
    new = Seal(before.size + len(rows), joined(before.hash, [row["hash"] for row in rows]))
    session.execute(insert(seals), [{"size": new.size, "hash": new.hash, "at": now}])
    session.execute(delete(unsealed).where(unsealed.c.transfer.in_(waiting)))
    return len(rows)


def head(session: Session) -> Seal:
    """The newest seal."""
    row = session.execute(
        select(seals.c.size, seals.c.hash).order_by(seals.c.size.desc()).limit(1)
    ).first()
    return Seal(*row) if row else Seal(0, EMPTY)


def joined(before: bytes, hashes: Sequence[bytes]) -> bytes:
    """The hash of a seal: of the one before it and the leaves since."""
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
    rows = session.execute(select(seals.c.size, seals.c.hash).where(here).order_by(seals.c.size))
    ends = iter([Seal(*row) for row in rows])
    last = next(ends).hash if after else EMPTY
    end, number = next(ends, None), after
    since: list[bytes] = []
    for number, (found, transfer, kept, content) in enumerate(_all(session, part), after + 1):
        if found != number or content is None or sha256(content.encode()).digest() != kept:
            return Broken(transfer, f"Transfer {transfer} is not what it was when it was sealed.")
        since.append(kept)
        if end is not None and end.size == number:
            last = joined(last, since)
            if last != end.hash:
                return Broken(str(number), f"The seal of {number} transfers does not fit them.")
            end, since = next(ends, None), []
    if end is not None or since:
        return Broken(str(number), f"The leaves end at {number}, the seals elsewhere.")
    return None


def served(session: Session, subjects: Sequence[str]) -> dict[str, Mapping[str, Any] | None]:
    """What the book says today of each published seal (`ledger:<size>`), for the log's auditor."""
    sizes = [int(each.removeprefix("ledger:")) for each in subjects]
    rows = session.execute(select(seals.c.size, seals.c.hash).where(seals.c.size.in_(sizes)))
    return {subject_of(Seal(*row)): content_of(Seal(*row)) for row in rows}


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


def _hashes(session: Session, transfers: Sequence[str]) -> dict[str, bytes]:
    rows = session.execute(
        text(
            f"select l.transfer, {CONTENT[driver.dialect_of(session)]}"  # noqa: S608 - constants
            f" from ledger_unsealed l {JOINS} where l.transfer >= :first and l.transfer <= :last"
        ),
        {"first": transfers[0], "last": transfers[-1]},
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
