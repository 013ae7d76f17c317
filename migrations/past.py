"""Transfers of the past: what was given before the book held it, written into the book by a step.

They are what the rooms write today, with the same keys, on accounts as ledger/accounts.py opens
them, so that a step down and up writes nothing twice. The database posts each as it is inserted.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from foundation.tables import UtcMoment, new_id

#: When something happened, and what writes it down; written in the order of time.
Event = tuple[datetime, Callable[[], None]]

_COMMODITIES = sa.table(
    "commodity", sa.column("code", sa.String), sa.column("scale", sa.SmallInteger)
)
_ACCOUNTS = sa.table(
    "ledger_account",
    sa.column("id", sa.BigInteger),
    *(sa.column(name, sa.String) for name in ("owner", "kind", "commodity")),
    sa.column("opened_at", UtcMoment),
)
_BALANCES = sa.table(
    "ledger_balance",
    *(sa.column(name, sa.BigInteger) for name in ("account_id", "floor", "posted")),
    sa.column("commodity", sa.String),
    *(sa.column(name, sa.Boolean) for name in ("holding", "deferred", "lots")),
)
_TRANSFERS = sa.table(
    "ledger_transfer",
    *(sa.column(name, sa.String) for name in ("id", "key", "commodity", "kind", "about")),
    *(sa.column(name, sa.String) for name in ("takes", "reverses", "resolves")),
    *(sa.column(name, sa.BigInteger) for name in ("source", "target", "amount")),
    *(sa.column(name, UtcMoment) for name in ("at", "until", "expires_at")),
)


def transfer(
    owner: str,
    commodity: str,
    way: tuple[str, str],
    at: datetime,
    key: str,
    kind: str,
    about: str,
    **more: Any,
) -> str:
    """Move one unit between the owner's accounts (`issued` is the programme's), unless this key
    did so before; the transfer's id."""
    known = made(key)
    if known is not None:
        return known
    source, target = (_account(owner, each, commodity, at) for each in way)
    row = {
        "id": new_id(at),
        "key": key,
        "source": source,
        "target": target,
        "commodity": commodity,
        "amount": 1,
        "kind": kind,
        "about": about,
        "at": at,
    }
    op.get_bind().execute(sa.insert(_TRANSFERS).values(row | more))
    return str(row["id"])


def made(key: str) -> str | None:
    """The transfer of a key, if there is one."""
    return op.get_bind().scalar(sa.select(_TRANSFERS.c.id).where(_TRANSFERS.c.key == key))


def credit_left(owner: str, commodity: str) -> str | None:
    """The credit of what the owner has of a commodity, the newest of several; None when she has
    none. One that was taken back is none: identifiers of one moment are in any order."""
    taken = _TRANSFERS.alias("taken")
    back = sa.exists().where(taken.c.takes == _TRANSFERS.c.id, taken.c.kind == "claw_back")
    return op.get_bind().scalar(
        sa.select(_TRANSFERS.c.id)
        .join(_ACCOUNTS, _ACCOUNTS.c.id == _TRANSFERS.c.target)
        .join(_BALANCES, _BALANCES.c.account_id == _ACCOUNTS.c.id)
        .where(_ACCOUNTS.c.owner == owner, _ACCOUNTS.c.commodity == commodity)
        .where(_ACCOUNTS.c.kind == "available", _BALANCES.c.posted > 0)
        .where(_TRANSFERS.c.kind == "credit", ~back)
        .order_by(_TRANSFERS.c.id.desc())
        .limit(1)
    )


def holders(prefix: str) -> list[tuple[str, str]]:
    """Who has something of commodities that begin with a prefix, and of which."""
    rows = op.get_bind().execute(
        sa.select(_ACCOUNTS.c.owner, _ACCOUNTS.c.commodity)
        .join(_BALANCES, _BALANCES.c.account_id == _ACCOUNTS.c.id)
        .where(_ACCOUNTS.c.kind == "available", _ACCOUNTS.c.commodity.startswith(prefix))
        .where(_BALANCES.c.posted > 0)
        .order_by(_ACCOUNTS.c.id)
    )
    return [(owner, commodity) for owner, commodity in rows]


def _account(owner: str, kind: str, commodity: str, at: datetime) -> int:
    bind, whose = op.get_bind(), None if kind == "issued" else owner
    same = _ACCOUNTS.c.owner.is_(None) if whose is None else _ACCOUNTS.c.owner == whose
    found = sa.select(_ACCOUNTS.c.id).where(
        same, _ACCOUNTS.c.kind == kind, _ACCOUNTS.c.commodity == commodity
    )
    known: int | None = bind.scalar(found)
    if known is not None:
        return known
    if bind.scalar(sa.select(_COMMODITIES).where(_COMMODITIES.c.code == commodity)) is None:
        bind.execute(sa.insert(_COMMODITIES).values(code=commodity, scale=0))
    named = {"owner": whose, "kind": kind, "commodity": commodity}
    bind.execute(sa.insert(_ACCOUNTS).values(named | {"opened_at": at}))
    opened: int = bind.scalars(found).one()
    terms = {
        "account_id": opened,
        "commodity": commodity,
        "floor": None if whose is None else 0,
        "holding": kind == "pending",
        "deferred": whose is None and bind.dialect.name == "postgresql",
        "lots": kind == "available",
    }
    bind.execute(sa.insert(_BALANCES).values(terms))
    return opened
