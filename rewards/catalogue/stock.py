"""Stock of the catalogue: received by the owner, promised to members, gone or given back.

Two counters per item and date, moved by delta in guarded updates: of eight who want the last one,
one gets it, and the database refuses a stock below what is promised. Every move is a row.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from foundation import versions
from foundation.once import insert_once
from foundation.refusal import Refused
from foundation.tables import new_id
from rewards.catalogue.models import Stock, StockMovement

#: More than this is a slip of the finger.
MOST = 1_000_000
#: What makes a count the same as the one before.
COUNTED = ("item", "occasion", "on_hand", "reserved", "by_id", "note")


@dataclass(frozen=True)
class Level:
    """How many there are, how many of these are promised, and how many can still be had."""

    on_hand: int = 0
    reserved: int = 0

    @property
    def free(self) -> int:
        return self.on_hand - self.reserved


def levels(session: Session, items: Collection[str] | None = None) -> dict[tuple[str, str], Level]:
    """The stock of `items`, None: of all, by (item, occasion); what was never received is left
    out."""
    query = select(Stock.item, Stock.occasion, Stock.on_hand, Stock.reserved)
    rows = session.execute(query if items is None else query.where(Stock.item.in_(items)))
    return {(item, name): Level(on_hand, reserved) for item, name, on_hand, reserved in rows}


def receive(
    session: Session,
    owner_id: str,
    item: str,
    occasion: str,
    by: int,
    note: str,
    now: datetime,
    movement_id: str | None = None,
) -> None:
    """Count `by` more (or, below zero, fewer) of an item.

    `movement_id` is what a form calls the move to be: sent again, it counts nothing more. Refused
    when nothing changes, the number is out of all proportion, fewer would be left than members were
    promised, or the form counted something else before.
    """
    if not 0 < abs(by) <= MOST:
        raise Refused(
            "Write how many came in, or with a minus how many are missing: not 0, and at most"
            " %(most)s.",
            code="stock_change",
            field="by",
            most=MOST,
        )
    insert_once(session, Stock, {"item": item, "occasion": occasion, "on_hand": 0, "reserved": 0})
    kind = "received" if by > 0 else "corrected"
    row = _row(item, occasion, kind, by, 0, owner_id, None, note, now)
    row["id"] = movement_id or row["id"]
    if not insert_once(session, StockMovement, row):
        _refuse_other(session, row)
        return
    if _move(session, item, occasion, on_hand=by, reserved=0) is None:
        raise Refused(
            "So many are not there, or they are promised to members. Look at the present number.",
            code="stock_promised",
            field="by",
            status=409,
        )
    versions.touch(session, "catalogue")


def _refuse_other(session: Session, row: dict[str, Any]) -> None:
    """Refused unless the move of this id is this very one."""
    known = session.get_one(StockMovement, row["id"])
    if any(getattr(known, name) != row[name] for name in COUNTED):
        raise Refused(
            "This form has counted something before, and that stands. Send it again only if you"
            " want to count this as well.",
            code="idempotency_conflict",
            status=409,
        )


def reserve(
    session: Session, item: str, occasion: str, member_id: str, redemption_id: str, now: datetime
) -> None:
    """Promise one to a member; Refused when none is left."""
    if _move(session, item, occasion, on_hand=0, reserved=1) is None:
        raise Refused(
            "The last one has just gone. Your points have not been touched.",
            code="out_of_stock",
            status=409,
        )
    _write(session, item, occasion, "reserved", 0, 1, member_id, redemption_id, "", now)


def release(
    session: Session, item: str, occasion: str, by_id: str, redemption_id: str, now: datetime
) -> None:
    """A promised one can be had by somebody else again."""
    assert _move(session, item, occasion, on_hand=0, reserved=-1) is not None
    _write(session, item, occasion, "released", 0, -1, by_id, redemption_id, "", now)


def hand_over(
    session: Session, item: str, occasion: str, by_id: str, redemption_id: str, now: datetime
) -> None:
    """A promised one has left the house."""
    assert _move(session, item, occasion, on_hand=-1, reserved=-1) is not None
    _write(session, item, occasion, "gone", -1, -1, by_id, redemption_id, "", now)


def history(session: Session, items: Collection[str], limit: int = 50) -> Sequence[StockMovement]:
    """The newest moves of `items`."""
    return session.scalars(
        select(StockMovement)
        .where(StockMovement.item.in_(items))
        .order_by(StockMovement.id.desc())
        .limit(limit)
    ).all()


def audit(session: Session) -> list[str]:
    """Counters that their moves do not add up to; empty when all is well."""
    moved = {
        (item, occasion): (int(on_hand), int(reserved))
        for item, occasion, on_hand, reserved in session.execute(
            select(
                StockMovement.item,
                StockMovement.occasion,
                func.sum(StockMovement.on_hand),
                func.sum(StockMovement.reserved),
            ).group_by(StockMovement.item, StockMovement.occasion)
        )
    }
    rows = session.execute(select(Stock.item, Stock.occasion, Stock.on_hand, Stock.reserved))
    return [
        f"stock of {item} {occasion}: {on_hand} with {reserved} promised, but its moves say"
        f" {moved.get((item, occasion), (0, 0))}"
        for item, occasion, on_hand, reserved in rows
        if moved.get((item, occasion), (0, 0)) != (on_hand, reserved)
    ]


def _move(
    session: Session, item: str, occasion: str, *, on_hand: int, reserved: int
) -> Level | None:
    """Move both counters, or neither when the result would be impossible."""
    after = Stock.on_hand + on_hand, Stock.reserved + reserved
    row = session.execute(
        update(Stock)
        .where(Stock.item == item, Stock.occasion == occasion)
        .where(after[0] >= after[1], after[1] >= 0)
        .values(on_hand=after[0], reserved=after[1])
        .returning(Stock.on_hand, Stock.reserved)
        .execution_options(synchronize_session=False)
    ).first()
    return Level(*row) if row is not None else None


def _write(session: Session, *what: Any) -> None:
    insert_once(session, StockMovement, _row(*what))


def _row(
    item: str,
    occasion: str,
    kind: str,
    on_hand: int,
    reserved: int,
    by_id: str,
    redemption_id: str | None,
    note: str,
    now: datetime,
) -> dict[str, Any]:
    return {
        "id": new_id(now),
        "item": item,
        "occasion": occasion,
        "kind": kind,
        "on_hand": on_hand,
        "reserved": reserved,
        "by_id": by_id,
        "redemption_id": redemption_id,
        "note": note.strip(),
        "at": now,
    }
