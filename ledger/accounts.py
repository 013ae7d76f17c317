"""Opening and finding accounts, and their terms."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from foundation.refusal import Refused
from ledger import driver
from ledger.models import account as accounts
from ledger.models import balance as balances
from ledger.models import commodity as commodities


@dataclass(frozen=True)
class Terms:
    """What an account's balance may be; fixed when the account is opened.

    `holding`: filled only by holds, emptied only by resolving them. `deferred`: on PostgreSQL its
    balance is added up later (see folding), so that transfers do not queue for it. `lots`: it knows
    when what is on it expires.
    """

    floor: int | None = 0
    ceiling: int | None = None
    holding: bool = False
    deferred: bool = False
    lots: bool = False


MEMBER = {
    "pending": Terms(holding=True),
    "available": Terms(lots=True),
    "owed": Terms(floor=None, ceiling=0),
    "redeemed": Terms(),
    "expired": Terms(),
    "clawed_back": Terms(),
}
PROGRAMME = {"issued": Terms(floor=None, deferred=True)}
#: Terms of other kinds: an owner's never fall below zero, the programme's may.
OTHER_OF_OWNER, OTHER_OF_PROGRAMME = Terms(), Terms(floor=None)


SQLITE_IDS = """
select a.owner, a.id from json_each(:owners) o
  join ledger_account a on a.owner = o.value and a.kind = :kind and a.commodity = :commodity"""

POSTGRESQL_IDS = """
select o.owner, a.id from unnest(%(owners)s::text[]) o(owner)
 cross join lateral (select id from ledger_account where owner = o.owner
         and kind = %(kind)s and commodity = %(commodity)s offset 0) a"""

# The accounts that are new, then their balances; {same} compares an account's owner. Each is looked
# up (offset 0): the planner would read all accounts for the few that are opened, and all balances
# to see which there are, which the index tells (on conflict).
SQLITE_OPEN = (
    """
insert into ledger_account (owner, kind, commodity, opened_at)
select o.value, :kind, :commodity, :at from json_each(:owners) o where true
    on conflict do nothing""",
    """
insert into ledger_balance (account_id, commodity, floor, ceiling, holding, deferred, lots)
select a.id, a.commodity, :floor, :ceiling, :holding, :deferred, :lots
  from (select value as owner from json_each(:owners)) o
  join ledger_account a on a.owner {same} and a.kind = :kind and a.commodity = :commodity
 where not exists (select 1 from ledger_balance b where b.account_id = a.id)""",
)

POSTGRESQL_OPEN = (
    """
insert into ledger_account (owner, kind, commodity, opened_at)
select o.owner, %(kind)s, %(commodity)s, %(at)s from unnest(%(owners)s::text[]) o(owner)
    on conflict do nothing""",
    """
insert into ledger_balance (account_id, commodity, floor, ceiling, holding, deferred, lots)
select a.id, a.commodity, %(floor)s, %(ceiling)s, %(holding)s, %(deferred)s, %(lots)s
  from unnest(%(owners)s::text[]) o(owner)
 cross join lateral (select id, commodity from ledger_account where owner {same}
         and kind = %(kind)s and commodity = %(commodity)s offset 0) a
    on conflict do nothing""",
)

SQLITE_STANDINGS = """
select a.kind, b.account_id, b.posted
  from ledger_account a join ledger_balance b on b.account_id = a.id
 where a.owner = :owner and a.commodity = :commodity
union all
select a.kind, b.account_id, b.posted
  from ledger_account a join ledger_balance b on b.account_id = a.id
 where a.owner is null and a.kind = 'issued' and a.commodity = :commodity"""

POSTGRESQL_STANDINGS = """
with owned as (
select a.kind, b.account_id, b.posted
  from ledger_account a join ledger_balance b on b.account_id = a.id
 where a.owner = %(owner)s and a.commodity = %(commodity)s
 order by b.account_id for update of b)
select kind, account_id, posted from owned
union all
select a.kind, b.account_id, b.posted
  from ledger_account a join ledger_balance b on b.account_id = a.id
 where a.owner is null and a.kind = 'issued' and a.commodity = %(commodity)s"""

SQLITE_STANDINGS_MANY = """
select a.owner, a.kind, b.account_id, b.posted
  from json_each(:owners) o
  join ledger_account a on a.owner = o.value and a.commodity = :commodity
  join ledger_balance b on b.account_id = a.id"""

POSTGRESQL_STANDINGS_MANY = """
select a.owner, a.kind, b.account_id, b.posted
  from ledger_account a join ledger_balance b on b.account_id = a.id
 where a.owner = any(%(owners)s) and a.commodity = %(commodity)s
 order by b.account_id for update of b"""


class Standing(NamedTuple):
    """An account and what is on it."""

    id: int
    posted: int


def account(
    session: Session,
    owner: str | None,
    kind: str,
    commodity: str,
    now: datetime,
    terms: Terms | None = None,
) -> int:
    """The account of `owner` (None: the programme) for `kind`, opened when it is new.

    `terms` apply to a new account; without them those of its kind do. Refused for a commodity that
    nobody defined.
    """
    owned = accounts.c.owner.is_(None) if owner is None else accounts.c.owner == owner
    found = select(accounts.c.id).where(
        owned, accounts.c.kind == kind, accounts.c.commodity == commodity
    )
    known: int | None = session.scalar(found)
    if known is None:
        _open(session, [(owner, kind)], commodity, now, terms)
        known = session.scalar(found)
    assert known is not None
    return known


def account_many(
    session: Session, owners: Iterable[str], kind: str, commodity: str, now: datetime
) -> dict[str, int]:
    """The accounts of many owners for `kind`, opened where they are new, in few statements."""
    wanted = list(dict.fromkeys(owners))
    known = _ids(session, wanted, kind, commodity)
    missing = [owner for owner in wanted if owner not in known]
    if missing:
        _open(session, [(owner, kind) for owner in missing], commodity, now, None)
        known |= _ids(session, missing, kind, commodity)
    return known


def define(session: Session, code: str, scale: int) -> None:
    """Make a commodity known; `scale` is its number of decimal places. Harmless when repeated.

    Refused when the commodity is known with another scale.
    """
    session.execute(
        _once(session, commodities, commodities.c.code), [{"code": code, "scale": scale}]
    )
    known = session.scalar(select(commodities.c.scale).where(commodities.c.code == code))
    if known != scale:
        raise Refused(
            "This commodity has %(known)s decimal places; that cannot become %(scale)s.",
            code="commodity_scale",
            field="scale",
            known=known,
            scale=scale,
        )


def lock(session: Session, account_ids: Collection[int]) -> None:
    """Lock balances in the one order that never deadlocks, before several transfers.

    For verbs that touch accounts of several owners in one transaction. Deferred accounts are never
    locked. SQLite has one writer anyway.
    """
    session.execute(
        select(balances.c.account_id)
        .where(balances.c.account_id.in_(account_ids), ~balances.c.deferred)
        .order_by(balances.c.account_id)
        .with_for_update()
    ).all()


def standings(
    session: Session, owner: str, commodity: str, kinds: Iterable[str], now: datetime
) -> dict[str, Standing]:
    """The owner's accounts of one commodity by kind, those of `kinds` opened when they are new.

    One statement when they are there. They are locked until the transaction ends, in ascending
    order as transfers lock them, so that two requests never wait for each other. The programme's
    `issued` account is among them, unlocked.
    """
    found = _standings(session, owner, commodity)
    missing = [kind for kind in kinds if kind not in found]
    if missing or "issued" not in found:
        _open(session, [(owner, kind) for kind in missing], commodity, now, None)
        account(session, None, "issued", commodity, now)
        found = _standings(session, owner, commodity)
    return found


@dataclass(frozen=True, slots=True)
class Owned:
    """Accounts of several owners in one commodity, and the programme's `issued` account."""

    issued: int
    rows: list[tuple[str, str, int, int]]  # owner, kind, account, what is on it

    def of_kind(self, kind: str) -> dict[str, int]:
        """The accounts of a kind, by owner."""
        return {owner: number for owner, its, number, _posted in self.rows if its == kind}

    def has_debts(self) -> bool:
        """Whether any of the owners owes something."""
        return any(kind == "owed" and posted for _owner, kind, _number, posted in self.rows)

    def standings(self) -> dict[str, dict[str, Standing]]:
        """By owner and kind, the `issued` account among each owner's."""
        found: dict[str, dict[str, Standing]] = {}
        source = Standing(self.issued, 0)
        for owner, kind, number, posted in self.rows:
            found.setdefault(owner, {"issued": source})[kind] = Standing(number, posted)
        return found


def owned(
    session: Session, owners: Iterable[str], commodity: str, kinds: Iterable[str], now: datetime
) -> Owned:
    """`standings` of many owners in few statements, all locked in one ascending order.

    Two sets that meet in some owners wait for each other and never deadlock, whatever the order of
    their requests.
    """
    wanted = sorted(dict.fromkeys(owners))
    found = Owned(
        account(session, None, "issued", commodity, now), _rows_of(session, wanted, commodity)
    )
    for kind in kinds:
        there = found.of_kind(kind)
        if len(there) < len(wanted):
            missing = [(owner, kind) for owner in wanted if owner not in there]
            _open(session, missing, commodity, now, None)
            found = Owned(found.issued, _rows_of(session, wanted, commodity))
    return found


def _rows_of(
    session: Session, owners: Sequence[str], commodity: str
) -> list[tuple[str, str, int, int]]:
    on_sqlite = driver.dialect_of(session) == "sqlite"
    found: list[tuple[str, str, int, int]] = driver.run(
        session,
        SQLITE_STANDINGS_MANY if on_sqlite else POSTGRESQL_STANDINGS_MANY,
        {"owners": json.dumps(owners) if on_sqlite else list(owners), "commodity": commodity},
    ).fetchall()
    return found


def _standings(session: Session, owner: str, commodity: str) -> dict[str, Standing]:
    on_sqlite = driver.dialect_of(session) == "sqlite"
    rows = driver.run(
        session,
        SQLITE_STANDINGS if on_sqlite else POSTGRESQL_STANDINGS,
        {"owner": owner, "commodity": commodity},
    )
    return {kind: Standing(number, posted) for kind, number, posted in rows}


def _ids(session: Session, owners: list[str], kind: str, commodity: str) -> dict[str, int]:
    on_sqlite = driver.dialect_of(session) == "sqlite"
    rows = driver.run(
        session,
        SQLITE_IDS if on_sqlite else POSTGRESQL_IDS,
        {
            "owners": json.dumps(owners) if on_sqlite else owners,
            "kind": kind,
            "commodity": commodity,
        },
    )
    return dict(rows.fetchall())


def _open(
    session: Session,
    keys: Sequence[tuple[str | None, str]],
    commodity: str,
    now: datetime,
    terms: Terms | None,
) -> None:
    """Open what is not there yet, in two statements for each kind."""
    if session.scalar(select(commodities.c.code).where(commodities.c.code == commodity)) is None:
        raise Refused(
            "There is no commodity called %(commodity)s. Define it first.",
            code="unknown_commodity",
            field="commodity",
            commodity=commodity,
        )
    owners_of: dict[tuple[str, bool], list[str | None]] = {}
    for owner, kind in keys:
        owners_of.setdefault((kind, owner is None), []).append(owner)
    on_sqlite = driver.dialect_of(session) == "sqlite"
    for (kind, is_programme), owners in owners_of.items():
        values = _terms_as_values(terms or terms_of(owners[0], kind), deferring=not on_sqlite)
        values |= {"kind": kind, "commodity": commodity}
        values["owners"] = json.dumps(owners) if on_sqlite else owners
        values["at"] = driver.moment_for(session, now)
        same = "is null" if is_programme else "= o.owner"
        for statement in SQLITE_OPEN if on_sqlite else POSTGRESQL_OPEN:
            driver.run(session, statement.replace("{same}", same), values)


def _terms_as_values(terms: Terms, *, deferring: bool) -> dict[str, Any]:
    return {
        "floor": terms.floor,
        "ceiling": terms.ceiling,
        "holding": terms.holding,
        "deferred": terms.deferred and deferring,
        "lots": terms.lots,
    }


def terms_of(owner: str | None, kind: str) -> Terms:
    """The terms a new account of this kind is opened with."""
    if owner is None:
        return PROGRAMME.get(kind, OTHER_OF_PROGRAMME)
    return MEMBER.get(kind, OTHER_OF_OWNER)


def _once(session: Session, table: Any, *key: Any) -> Insert:
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing(index_elements=key or None)
    return sqlite.insert(table).on_conflict_do_nothing(index_elements=key or None)
