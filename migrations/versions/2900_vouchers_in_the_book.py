"""Vouchers in the book: rows keep their transfers, and vouchers of before are carried over.

A unit is one use of a voucher. What was issued is credited, what was used is spent, what was
revoked is clawed back, each at its moment; what has expired the ledger's next sweep takes. The keys
are those of rewards/vouchers/booking.py, so that a step down and up writes nothing twice.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

from foundation.tables import IdText, UtcMoment
from migrations.past import Event, made, transfer

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


def upgrade() -> None:
    for table in ("voucher", "voucher_use"):
        op.add_column(table, sa.Column("transfer_id", IdText))
    op.create_index("ix_voucher_about_id", "voucher", ["about", "id"])
    rows = op.get_bind().execute(sa.select(VOUCHERS).order_by(VOUCHERS.c.id)).all()
    vouchers = {row.id: row for row in rows}
    events: list[Event] = [(each.issued_at, _crediting(each)) for each in rows]
    for use in op.get_bind().execute(sa.select(USES).order_by(USES.c.id)).all():
        voucher = vouchers[use.voucher_id]
        if use.released_at is None or made(f"voucher_use:{use.id}"):
            events.append((use.at, _spending(voucher, use)))
        if use.released_at is not None:
            events.append((use.released_at, _giving_back(voucher, use)))
    events += [(each.revoked_at, _clawing_back(each)) for each in rows if each.revoked_at]
    for _at, write in sorted(events, key=lambda event: event[0]):
        write()
    _follow(VOUCHERS.c.id, VOUCHERS.c.transfer_id)


def _crediting(voucher: Any) -> Callable[[], None]:
    def write() -> None:
        key, at = f"voucher:{voucher.id}", voucher.issued_at
        more = {"amount": voucher.uses, "expires_at": voucher.expires_at}
        _move(voucher, ("issued", "available"), at, key, "credit", voucher.about, **more)
        _keep(VOUCHERS, voucher.id, key)

    return write


def _spending(voucher: Any, use: Any) -> Callable[[], None]:
    def write() -> None:
        key, of = f"voucher_use:{use.id}", made(f"voucher:{voucher.id}")
        _move(voucher, ("available", "redeemed"), use.at, key, "spend", key, takes=of)
        _keep(USES, use.id, key)

    return write


def _giving_back(voucher: Any, use: Any) -> Callable[[], None]:
    def write() -> None:
        key, at = f"voucher_use:{use.id}", use.released_at
        if spent := made(key):
            way = ("redeemed", "available")
            _move(voucher, way, at, f"{key}:back", "reverse", key, reverses=spent)

    return write


def _clawing_back(voucher: Any) -> Callable[[], None]:
    def write() -> None:
        key, at = f"voucher:{voucher.id}", voucher.revoked_at
        more = {"amount": voucher.uses, "takes": made(key)}
        way = ("available", "clawed_back")
        _move(voucher, way, at, f"{key}:revoked", "claw_back", voucher.about, **more)

    return write


def _move(voucher: Any, *how: Any, **more: Any) -> None:
    transfer(voucher.member_id, f"voucher:{voucher.item}", *how, **more)


def _keep(table: Any, row: str, key: str) -> None:
    op.get_bind().execute(sa.update(table).where(table.c.id == row).values(transfer_id=made(key)))


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
