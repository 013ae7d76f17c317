"""POST /api/vouchers/…: a till asks about vouchers, takes them off orders, and gives them back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session

from rewards import till_views as tills
from rewards.till_views import Request
from rewards.vouchers import codes
from rewards.vouchers.bodies import Redeem, Release, Validate, told, told_use

#: Refusals that say that a code was wrong.
WRONG = ("unknown_voucher", "unknown_use")

bp = Blueprint("vouchers", __name__)


@bp.post("/api/vouchers/validate")
def validate() -> Any:
    """What a voucher is worth, and whether it can be used; nothing changes."""

    def act(session: Session, asked: Validate, asking: Request) -> dict[str, Any]:
        return told(codes.known(session, asked.code, asked.who()), asking.now)

    return tills.answer(Validate, "vouchers", WRONG, act)


@bp.post("/api/vouchers/redeem")
def redeem() -> Any:
    """Take a voucher off an order."""

    def act(session: Session, asked: Redeem, asking: Request) -> dict[str, Any]:
        voucher = codes.known(session, asked.code, asked.who())
        worth = asked.worth(voucher.currency)
        use = codes.use(
            session, voucher, asked.order, asking.till, asking.now, worth, asked.currency
        )
        return told_use(voucher, use, asking.now)

    return tills.answer(Redeem, "vouchers", WRONG, act)


@bp.post("/api/vouchers/release")
def release() -> Any:
    """Give a voucher back that was taken off an order which fell through."""

    def act(session: Session, asked: Release, asking: Request) -> dict[str, Any]:
        voucher = codes.taken_off(session, asked.code, asked.order)
        use = codes.give_back(session, voucher, asked.order, asking.now)
        return told_use(voucher, use, asking.now)

    return tills.answer(Release, "vouchers", WRONG, act)
