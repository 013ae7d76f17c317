"""Fulfilling: staff take what was ordered, prepare it, send it; or it is cancelled and given back.

Every step is claimed by compare-and-swap on the redemption's state and kept as a row with who and
when; the member is told. Points go back by reversing the transfer that spent them, so they come
back with the expiry they had.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from foundation import facts, versions
from foundation.refusal import Refused
from foundation.words import LANGUAGES
from ledger import spending
from notifications.telling import tell
from rewards import programme
from rewards.catalogue import booking, notices, stock
from rewards.catalogue.finding import read
from rewards.catalogue.models import Redemption, RedemptionStep
from rewards.catalogue.redeeming import LONGEST, write_step
from rewards.catalogue.redemption_rules import STEPS, is_handed_over, leaves_house, may_cancel
from rewards.locking import lock_members
from rewards.models import Voucher
from rewards.rules import POINTS
from rewards.vouchers import codes as vouchers


def move(
    session: Session, redemption_id: str, step: str, by_id: str, text: str, now: datetime
) -> Redemption:
    """Staff take `step` (rewards/catalogue/redemption_rules.py); `text` is tracking, or the reason.
    The same from the same person, with nothing in between, is one step.

    Refused when the redemption is not where the step begins, somebody else having been quicker,
    or when the reason is missing.
    """
    rule = STEPS[step]
    text = text.strip()[:LONGEST]
    if rule.text == "needed" and not text:
        raise Refused(
            "Say why, in a sentence: the member reads it.", code="no_reason", field="text"
        )
    redemption = read(session, redemption_id)
    if not _claims(session, redemption, rule.sources, rule.target):
        if _newest(session, redemption_id) == (step, by_id, text):
            return redemption
        raise _moved_meanwhile()
    if step == "take":
        redemption.taken_by = by_id
    elif step == "put_back":
        redemption.taken_by = None
    if step in ("cancel", "refund"):
        _give_back(session, redemption, by_id, text, now)
    elif leaves_house(step):
        _hand_over(session, redemption, by_id, now)
    if is_handed_over(redemption.kind, redemption.state):
        booking.hand_over(session, redemption, now)
    session.flush()
    write_step(session, redemption, step, by_id, text, now)
    if redemption.state == "done":
        about, details = f"redemption:{redemption.id}", _details(redemption)
        facts.record(session, "redemption.fulfilled", redemption.member_id, about, now, **details)
    if step in ("take", "send", "finish"):
        _tell_moved(session, redemption, text, now)
    return redemption


def take_next(session: Session, staff_id: str, now: datetime, shown: str = "") -> Redemption | None:
    """Take what has waited longest; None when nothing waits.

    `shown` is what the page said is next: who pressed twice has that one, and no other as well.
    """
    if (pressed := _taken_before(session, shown, staff_id)) is not None:
        return pressed
    oldest = (
        select(Redemption.id)
        .where(Redemption.state == "ordered")
        .order_by(Redemption.id)
        .limit(1)
        .with_for_update(skip_locked=True)  # two who click at once get two different ones
    )
    redemption_id = session.scalar(oldest)
    if redemption_id is None:
        return None
    return move(session, redemption_id, "take", staff_id, "", now)


def _taken_before(session: Session, shown: str, staff_id: str) -> Redemption | None:
    """What the page showed, if the same person has just taken it."""
    query = select(Redemption).where(Redemption.id == shown)
    # Whoever presses at the same moment waits here, and finds it taken.
    redemption = session.scalars(query.with_for_update()).first() if shown else None
    if redemption is None or (redemption.state, redemption.taken_by) != ("taken", staff_id):
        return None
    return redemption


def cancel_own(session: Session, redemption_id: str, member_id: str, now: datetime) -> Redemption:
    """The member does not want it after all; her points go back.

    Refused (404) for somebody else's, and once it is being prepared or the voucher was used.
    """
    redemption = read(session, redemption_id, member_id)
    if not may_cancel(redemption.kind, redemption.state):
        raise too_late(redemption)
    if not _claims(session, redemption, (redemption.state,), "cancelled"):
        raise _moved_meanwhile()
    _give_back(session, redemption, member_id, "", now)
    session.flush()
    write_step(session, redemption, "cancel", member_id, "", now)
    return redemption


def too_late(redemption: Redemption) -> Refused:
    """Why a member cannot cancel any more."""
    if redemption.state in ("cancelled", "refunded"):
        return Refused("It was cancelled already.", code="cancelled", status=409)
    return Refused(
        "It is being prepared already, so it cannot be cancelled here. Write to us and we see what"
        " can be done.",
        code="being_prepared",
        status=409,
    )


def _newest(session: Session, redemption_id: str) -> tuple[str, str, str] | None:
    """The step that led where a redemption is, who took it and what was said."""
    row = session.execute(
        select(RedemptionStep.step, RedemptionStep.by_id, RedemptionStep.text)
        .where(RedemptionStep.redemption_id == redemption_id)
        .order_by(RedemptionStep.at.desc())
        .limit(1)
    ).first()
    return (row.step, row.by_id, row.text) if row else None


def _claims(
    session: Session, redemption: Redemption, sources: tuple[str, ...], target: str
) -> bool:
    """Move the state, if it still is one of `sources`; whoever comes second does not."""
    claimed = session.execute(
        update(Redemption)
        .where(Redemption.id == redemption.id, Redemption.state.in_(sources))
        .values(state=target)
        .returning(Redemption.id)
        .execution_options(synchronize_session=False)
    ).first()
    session.refresh(redemption)
    return claimed is not None


def _moved_meanwhile() -> Refused:
    """Somebody was quicker."""
    return Refused(
        "This is not possible any more: somebody has moved it on. Look at where it is now.",
        code="moved_meanwhile",
        status=409,
    )


def _hand_over(session: Session, redemption: Redemption, by_id: str, now: datetime) -> None:
    if redemption.stock == "reserved":
        stock.hand_over(session, redemption.item, redemption.occasion, by_id, redemption.id, now)
        redemption.stock = "gone"


def _give_back(
    session: Session, redemption: Redemption, by_id: str, reason: str, now: datetime
) -> None:
    """The stock is free again (unless the thing has left the house), the points are hers again,
    less what she owes."""
    about = f"redemption:{redemption.id}"
    lock_members(session, [redemption.member_id])
    if redemption.kind == "voucher":
        _end_voucher(session, about, now)
    if redemption.stock == "reserved":
        stock.release(session, redemption.item, redemption.occasion, by_id, redemption.id, now)
        redemption.stock = "released"
    if redemption.transfer_id is not None:
        spending.give_back(
            session,
            redemption.transfer_id,
            owner=redemption.member_id,
            commodity=POINTS,
            key=f"{about}:back",
            about=about,
            now=now,
        )
    booking.take_back(session, redemption, now)
    if redemption.stock == "released":
        versions.touch(session, "catalogue")  # after all that whoever redeems locks before
    details = _details(redemption)
    facts.record(session, "redemption.cancelled", redemption.member_id, about, now, **details)
    tell(
        session,
        redemption.member_id,
        notices.CANCELLED,
        now,
        link=f"/me/redemptions/{redemption.id}",
        about=about,
        item=item_name(session, redemption),
        cost=redemption.cost,
        reason=reason,
        was_sent=redemption.state == "refunded",
    )


def _end_voucher(session: Session, about: str, now: datetime) -> None:
    voucher = session.scalars(select(Voucher).where(Voucher.about == about)).first()
    if voucher is None or vouchers.revoke(session, voucher.id, now):
        return
    if voucher.used:
        raise Refused(
            "This voucher was used, so it cannot be given back.", code="voucher_used", status=409
        )
    raise Refused(
        "This voucher has expired, so it cannot be given back.", code="voucher_expired", status=409
    )


def item_name(session: Session, redemption: Redemption) -> dict[str, str]:
    """What the version it was redeemed under calls the item, by language."""
    version = programme.version(session, redemption.version)
    item = version.rules.item(redemption.item) if version else None
    return dict(item.name) if item else dict.fromkeys(LANGUAGES, redemption.item)


def _details(redemption: Redemption) -> dict[str, Any]:
    return {"item": redemption.item, "what": redemption.kind, "cost": redemption.cost}


def _tell_moved(session: Session, redemption: Redemption, text: str, now: datetime) -> None:
    tell(
        session,
        redemption.member_id,
        notices.MOVED,
        now,
        link=f"/me/redemptions/{redemption.id}",
        about=f"redemption:{redemption.id}",
        item=item_name(session, redemption),
        kind=redemption.kind,
        state=redemption.state,
        text=text,
    )
