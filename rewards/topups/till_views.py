"""POST /api/prepaid/…: a till asks what a member has left, takes a unit, and gives it back."""

from __future__ import annotations

from typing import Annotated, Any

from flask import Blueprint
from pydantic import Field
from sqlalchemy.orm import Session

from foundation.shapes import Reference
from rewards import till_views as tills
from rewards.till_views import Request
from rewards.topups import codes, left, queries, taking
from rewards.topups.models import TopUpUse
from rewards.topups.taking import Taking
from rewards.vouchers.bodies import TillShape, moment

WRONG = ("unknown_code", "unknown_use")
Code = Annotated[str, Field(min_length=1, max_length=300)]  # or the address that a scan gives

bp = Blueprint("prepaid_tills", __name__)


class Look(TillShape):
    """What has this member left?"""

    code: Code


class Take(Look):
    """Take one of these."""

    offer: Annotated[str, Field(min_length=1, max_length=40)]
    reference: Reference | None = None


class GiveBack(TillShape):
    """It was taken by mistake."""

    use: Annotated[str, Field(min_length=1, max_length=40)]


@bp.post("/api/prepaid/look")
def look() -> Any:
    """What is left of each offer; nothing changes."""

    def act(session: Session, asked: Look, asking: Request) -> dict[str, Any]:
        holder = codes.holder(session, asked.code)
        held = queries.holdings(session, holder, asking.now)
        return {"prepaid": [_told(each) for each in held]}

    return tills.answer(Look, "prepaid", WRONG, act)


@bp.post("/api/prepaid/take")
def take() -> Any:
    """Take one unit."""

    def act(session: Session, asked: Take, asking: Request) -> dict[str, Any]:
        holder = codes.holder(session, asked.code)
        key, by = tills.needed_key(asking), asking.till
        wanted = Taking(holder, asked.offer, key, asked.reference or "", by_key=by)
        return _told_use(session, taking.take(session, wanted, asking.now), asking)

    return tills.answer(Take, "prepaid", WRONG, act)


@bp.post("/api/prepaid/give-back")
def give_back() -> Any:
    """Give a unit back that was taken by mistake."""

    def act(session: Session, asked: GiveBack, asking: Request) -> dict[str, Any]:
        return _told_use(session, taking.give_back(session, asked.use, asking.now), asking)

    return tills.answer(GiveBack, "prepaid", WRONG, act)


def _told(held: queries.Holding) -> dict[str, Any]:
    return {
        "offer": held.offer.key,
        "name": held.offer.name,
        "unit": held.offer.unit,
        "left": held.units,
        "paid": held.paid,
        "free": held.free,
        "free_expires_at": moment(held.expires_at),
    }


def _told_use(session: Session, use: TopUpUse, asking: Request) -> dict[str, Any]:
    lefts = left.of_member(session, use.member_id, asking.now, use.offer)
    return {
        "use": use.id,
        "offer": use.offer,
        "is_free": use.is_free,
        "reference": use.reference or None,
        "left": sum(each.units for each in lefts),
        "used_at": moment(use.at),
        "given_back_at": moment(use.given_back_at),
    }
