"""Goods, perks and papers in the book: rows keep the transfers that gave them, and what was given
before is carried over; and the form that gave a perk, once.

Every redemption that is no voucher has one unit, held, handed over or cancelled when its steps say
so; every perk of a single member is a credit, taken back where it was revoked in time; whoever a
paper is open to by name has a unit of it. Keys are those of the rooms' booking.py.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from foundation.tables import IdText, UtcMoment, new_id
from migrations import past
from migrations.past import Event

revision = "2950"
down_revision = "2800"
branch_labels = None
depends_on = None

COLUMNS = {
    "redemption": ("unit_id", "handed_over_id"),
    "entitlement": ("transfer_id", "taken_back_id"),
    "paper_guest": ("transfer_id",),
}


def _table(name: str, texts: str, moments: str) -> sa.TableClause:
    return sa.table(
        name,
        *(sa.column(each, sa.String) for each in texts.split()),
        *(sa.column(each, UtcMoment) for each in moments.split()),
    )


REDEMPTIONS = _table("redemption", "id member_id item kind state unit_id handed_over_id", "at")
STEPS = _table("redemption_step", "id redemption_id state", "at")
PERKS = _table(
    "entitlement",
    "id member_id perk transfer_id taken_back_id",
    "granted_at ends_at revoked_at",
)
GUESTS = _table("paper_guest", "paper_id member_id transfer_id", "at")
ENDED = _table("paper_revocation", "paper_id member_id", "lifted_at")


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for column in columns:
            op.add_column(table, sa.Column(column, IdText))
    op.add_column("entitlement", sa.Column("request_key", sa.String))
    op.create_index("uq_entitlement_request_key", "entitlement", ["request_key"], unique=True)
    events = [*_goods(), *_perks(), *_papers()]
    for _at, write in sorted(events, key=lambda event: event[0]):
        write()


def downgrade() -> None:
    op.drop_index("uq_entitlement_request_key", "entitlement")
    op.drop_column("entitlement", "request_key")
    for table, columns in COLUMNS.items():
        for column in columns:
            op.drop_column(table, column)


def _goods() -> Iterator[Event]:
    bind, steps = op.get_bind(), dict[str, list[Any]]()
    for step in bind.execute(sa.select(STEPS).order_by(STEPS.c.id)):
        steps.setdefault(step.redemption_id, []).append(step)
    for row in bind.execute(sa.select(REDEMPTIONS).where(REDEMPTIONS.c.kind != "voucher")).all():
        yield row.at, lambda row=row: _promise(row)
        is_hers = False
        for step in steps.get(row.id, []):
            if not is_hers and _is_handed_over(row.kind, step.state):
                is_hers = True
                yield step.at, lambda row=row, at=step.at: _hand_over(row, at)
            if step.state in ("cancelled", "refunded"):
                act = _take_back if is_hers else _void
                yield step.at, lambda row=row, at=step.at, act=act: act(row, at)


def _is_handed_over(kind: str, state: str) -> bool:
    return state == "done" or (state == "sent" and kind in ("goods", "preorder"))


def _unit(row: Any, way: tuple[str, str], at: datetime, key: str, kind: str, **more: Any) -> str:
    about = f"redemption:{row.id}"
    good = f"good:{row.item}"
    return past.transfer(row.member_id, good, way, at, f"{about}:{key}", kind, about, **more)


def _promise(row: Any) -> None:
    held = _unit(row, ("issued", "pending"), row.at, "unit", "hold", until=row.at)
    _keep(REDEMPTIONS, REDEMPTIONS.c.id == row.id, unit_id=held)


def _hand_over(row: Any, at: datetime) -> None:
    held = past.made(f"redemption:{row.id}:unit")
    _unit(row, ("pending", "available"), at, "unit:post", "post", resolves=held)
    spent = _unit(row, ("available", "redeemed"), at, "unit:spend", "spend")
    _keep(REDEMPTIONS, REDEMPTIONS.c.id == row.id, handed_over_id=spent)


def _void(row: Any, at: datetime) -> None:
    held = past.made(f"redemption:{row.id}:unit")
    _unit(row, ("pending", "issued"), at, "unit:void", "void", resolves=held)


def _take_back(row: Any, at: datetime) -> None:
    spent, held = (past.made(f"redemption:{row.id}:{key}") for key in ("unit:spend", "unit"))
    _unit(row, ("redeemed", "available"), at, "unit:back", "reverse", reverses=spent)
    _unit(row, ("available", "clawed_back"), at, "unit:claw_back", "claw_back", takes=held)


def _perks() -> Iterator[Event]:
    for row in op.get_bind().execute(sa.select(PERKS)).all():
        yield row.granted_at, lambda row=row: _give(row)
        revoked = row.revoked_at
        if revoked is not None and (row.ends_at is None or revoked < row.ends_at):
            yield revoked, lambda row=row: _revoke(row)


def _give(row: Any) -> None:
    about, perk = f"entitlement:{row.id}", f"perk:{row.perk}"
    way, at = ("issued", "available"), row.granted_at
    more = {"expires_at": row.ends_at}
    given = past.transfer(row.member_id, perk, way, at, about, "credit", about, **more)
    _keep(PERKS, PERKS.c.id == row.id, transfer_id=given)


def _revoke(row: Any) -> None:
    about, perk = f"entitlement:{row.id}", f"perk:{row.perk}"
    way, at, key = ("available", "clawed_back"), row.revoked_at, f"{about}:back"
    more = {"takes": past.made(about)}
    taken = past.transfer(row.member_id, perk, way, at, key, "claw_back", about, **more)
    _keep(PERKS, PERKS.c.id == row.id, taken_back_id=taken)


def _papers() -> Iterator[Event]:
    bind = op.get_bind()
    open_ended = bind.execute(sa.select(ENDED).where(ENDED.c.lifted_at.is_(None)))
    ended = {(row.paper_id, row.member_id) for row in open_ended}
    has = set(past.holders("paper:"))
    for row in bind.execute(sa.select(GUESTS)).all():
        if not {(row.paper_id, row.member_id), (row.paper_id, None)} & ended:
            has.discard((row.member_id, f"paper:{row.paper_id}"))
            yield row.at, lambda row=row: _open(row)
    for who, about in has:  # closed to her after a step down, without the book
        yield datetime.now(UTC), lambda who=who, about=about: _close(who, about)


def _open(row: Any) -> None:
    about, who = f"paper:{row.paper_id}", row.member_id
    way, key = ("issued", "available"), f"paper_guest:{new_id(row.at)}"
    given = past.credit_left(who, about) or past.transfer(
        who, about, way, row.at, key, "credit", about
    )
    mine = (GUESTS.c.paper_id == row.paper_id) & (GUESTS.c.member_id == who)
    _keep(GUESTS, mine, transfer_id=given)


def _close(who: str, about: str) -> None:
    given, way = past.credit_left(who, about), ("available", "clawed_back")
    key, at = f"paper_guest:{given}:back", datetime.now(UTC)
    past.transfer(who, about, way, at, key, "claw_back", about, takes=given)


def _keep(table: sa.TableClause, which: sa.ColumnElement[bool], **values: str) -> None:
    op.get_bind().execute(sa.update(table).where(which).values(values))
