"""Vouchers in the book: rows keep their transfers, and vouchers of before are carried over.

A unit is one use of a voucher. What was issued is credited, what was used is spent, what was
revoked is clawed back, each at its moment; what has expired the ledger's next sweep takes. The keys
are those of rewards/vouchers/booking.py, so that a step down and up writes nothing twice.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from foundation.tables import IdText, UtcMoment, new_id

revision = "2900"
down_revision = "2950"
branch_labels = None
depends_on = None

VOUCHERS = sa.table(
    "voucher",
    *(sa.column(name, sa.String) for name in ("id", "member_id", "about", "item", "transfer_id")),
    sa.column("uses", sa.Integer),
    *(sa.column(name, UtcMoment) for name in ("issued_at", "expires_at", "revoked_at")),
)
USES = sa.table(
    "voucher_use",
    *(sa.column(name, sa.String) for name in ("id", "voucher_id", "transfer_id")),
    *(sa.column(name, UtcMoment) for name in ("at", "released_at")),
)
GRANTS = sa.table(
    "reward_grant", *(sa.column(name, sa.String) for name in ("commodity", "transfer_id"))
)
COMMODITIES = sa.table(
    "commodity", sa.column("code", sa.String), sa.column("scale", sa.SmallInteger)
)
ACCOUNTS = sa.table(
    "ledger_account",
    sa.column("id", sa.BigInteger),
    *(sa.column(name, sa.String) for name in ("owner", "kind", "commodity")),
    sa.column("opened_at", UtcMoment),
)
BALANCES = sa.table(
    "ledger_balance",
    sa.column("account_id", sa.BigInteger),
    sa.column("commodity", sa.String),
    sa.column("floor", sa.BigInteger),
    *(sa.column(name, sa.Boolean) for name in ("holding", "deferred", "lots")),
)
TRANSFERS = sa.table(
    "ledger_transfer",
    *(sa.column(name, sa.String) for name in ("id", "key", "commodity", "kind", "about")),
    *(sa.column(name, sa.String) for name in ("takes", "reverses")),
    *(sa.column(name, sa.BigInteger) for name in ("source", "target", "amount")),
    *(sa.column(name, UtcMoment) for name in ("at", "expires_at")),
)
#: When something happened, and how it is written.
Event = tuple[datetime, Callable[[], None]]


def upgrade() -> None:
    for table in ("voucher", "voucher_use"):
        op.add_column(table, sa.Column("transfer_id", IdText))
    op.create_index("ix_voucher_about_id", "voucher", ["about", "id"])
    rows = op.get_bind().execute(sa.select(VOUCHERS).order_by(VOUCHERS.c.id)).all()
    vouchers = {row.id: row for row in rows}
    events: list[Event] = [(each.issued_at, _crediting(each)) for each in rows]
    for use in op.get_bind().execute(sa.select(USES).order_by(USES.c.id)).all():
        voucher = vouchers[use.voucher_id]
        if use.released_at is None or _made(f"voucher_use:{use.id}"):
            events.append((use.at, _spending(voucher, use)))
        if use.released_at is not None:
            events.append((use.released_at, _giving_back(voucher, use)))
    events += [(each.revoked_at, _clawing_back(each)) for each in rows if each.revoked_at]
    for _at, write in sorted(events, key=lambda event: event[0]):
        write()
    _follow(VOUCHERS.c.id, VOUCHERS.c.transfer_id)


def _crediting(voucher: Any) -> Callable[[], None]:
    def write() -> None:
        more = {"about": voucher.about, "expires_at": voucher.expires_at}
        key = f"voucher:{voucher.id}"
        _transfer(voucher, None, "available", voucher.uses, key, "credit", voucher.issued_at, more)
        _keep(VOUCHERS, voucher.id, key)

    return write


def _spending(voucher: Any, use: Any) -> Callable[[], None]:
    def write() -> None:
        key = f"voucher_use:{use.id}"
        more = {"about": key, "takes": _made(f"voucher:{voucher.id}")}
        _transfer(voucher, "available", "redeemed", 1, key, "spend", use.at, more)
        _keep(USES, use.id, key)

    return write


def _giving_back(voucher: Any, use: Any) -> Callable[[], None]:
    def write() -> None:
        key = f"voucher_use:{use.id}"
        if spent := _made(key):
            more, at = {"about": key, "reverses": spent}, use.released_at
            _transfer(voucher, "redeemed", "available", 1, f"{key}:back", "reverse", at, more)

    return write


def _clawing_back(voucher: Any) -> Callable[[], None]:
    def write() -> None:
        key, at = f"voucher:{voucher.id}", voucher.revoked_at
        more = {"about": voucher.about, "takes": _made(key)}
        amount, key = voucher.uses, f"{key}:revoked"
        _transfer(voucher, "available", "clawed_back", amount, key, "claw_back", at, more)

    return write


def _transfer(
    voucher: Any,
    source: str | None,
    target: str,
    amount: int,
    key: str,
    kind: str,
    at: datetime,
    more: dict[str, Any],
) -> None:
    """Write the transfer unless its key was written before; the database posts it."""
    if _made(key):
        return
    commodity, owner = f"voucher:{voucher.item}", voucher.member_id
    row = {
        "id": new_id(at),
        "key": key,
        "source": _account(owner if source else None, source or "issued", commodity, at),
        "target": _account(owner, target, commodity, at),
        "commodity": commodity,
        "amount": amount,
        "kind": kind,
        "at": at,
    }
    op.get_bind().execute(sa.insert(TRANSFERS).values(row | more))


def _account(owner: str | None, kind: str, commodity: str, at: datetime) -> int:
    """The account, opened when it is new, as ledger/accounts.py opens it."""
    bind = op.get_bind()
    same = ACCOUNTS.c.owner.is_(None) if owner is None else ACCOUNTS.c.owner == owner
    found = sa.select(ACCOUNTS.c.id).where(
        same, ACCOUNTS.c.kind == kind, ACCOUNTS.c.commodity == commodity
    )
    known: int | None = bind.scalar(found)
    if known is not None:
        return known
    if bind.scalar(sa.select(COMMODITIES).where(COMMODITIES.c.code == commodity)) is None:
        bind.execute(sa.insert(COMMODITIES).values(code=commodity, scale=0))
    named = {"owner": owner, "kind": kind, "commodity": commodity}
    bind.execute(sa.insert(ACCOUNTS).values(named | {"opened_at": at}))
    opened: int = bind.scalars(found).one()
    terms = {"floor": None if owner is None else 0, "holding": False, "lots": kind == "available"}
    terms["deferred"] = owner is None and bind.dialect.name == "postgresql"
    bind.execute(sa.insert(BALANCES).values(terms | {"account_id": opened, "commodity": commodity}))
    return opened


def _made(key: str) -> str | None:
    return op.get_bind().scalar(sa.select(TRANSFERS.c.id).where(TRANSFERS.c.key == key))


def _keep(table: Any, row: str, key: str) -> None:
    op.get_bind().execute(sa.update(table).where(table.c.id == row).values(transfer_id=_made(key)))


def _follow(was: Any, becomes: Any) -> None:
    """Grants of vouchers name the first voucher's credit instead of the voucher, or back."""
    found = sa.select(becomes).where(was == GRANTS.c.transfer_id).scalar_subquery()
    is_there = sa.select(was).where(was == GRANTS.c.transfer_id).exists()
    op.get_bind().execute(
        sa.update(GRANTS).where(GRANTS.c.commodity == "voucher", is_there).values(transfer_id=found)
    )


def downgrade() -> None:
    _follow(VOUCHERS.c.transfer_id, VOUCHERS.c.id)
    op.drop_index("ix_voucher_about_id", "voucher")
    for table in ("voucher_use", "voucher"):
        op.drop_column(table, "transfer_id")
