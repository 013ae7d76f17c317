"""POST /api/credit/…: the shop asks what a customer has, takes it for an order, gives it back."""

from __future__ import annotations

from typing import Annotated, Any

from flask import Blueprint
from pydantic import Field
from sqlalchemy.orm import Session

from foundation.money import LARGEST
from foundation.shapes import Currency, Reference
from rewards import till_views as tills
from rewards.credit import customers, giving_back, purse, taking
from rewards.credit.giving_back import GivingBack
from rewards.credit.models import CreditReturn, CreditTaking
from rewards.credit.purse import Purse
from rewards.credit.taking import Taking
from rewards.till_views import Request
from rewards.topups.till_views import Code
from rewards.vouchers.bodies import Buyer, TillShape, moment
from rewards.vouchers.codes import Customer

WRONG = ("unknown_code", "unknown_taking")
Amount = Annotated[int, Field(gt=0, le=LARGEST)]  # minor units

bp = Blueprint("credit_tills", __name__)


class Look(TillShape):
    """What has this customer?"""

    code: Code | None = None
    customer: Buyer = Buyer()

    def whose(self, session: Session) -> str:
        who = Customer(self.customer.email, self.customer.id)
        return customers.find(session, self.code, who)

    @property
    def names_somebody(self) -> bool:
        return bool(self.code or self.customer.id or self.customer.email)


class Take(Look):
    """Take this for an order."""

    order: Reference
    amount: Amount
    currency: Currency


class GiveBack(Look):
    """The order was refunded; without an amount in full."""

    order: Reference
    amount: Amount | None = None


@bp.post("/api/credit/look")
def look() -> Any:
    """What there is to spend in each currency; nothing changes."""

    def act(session: Session, asked: Look, asking: Request) -> dict[str, Any]:
        found = purse.purses(session, asked.whose(session), asking.now)
        return {"credit": [_told(each) for each in found if each.available or each.on_hold]}

    return tills.answer(Look, "credit", WRONG, act)


@bp.post("/api/credit/take")
def take() -> Any:
    """Take credit for an order."""

    def act(session: Session, asked: Take, asking: Request) -> dict[str, Any]:
        whose, by = asked.whose(session), asking.till
        wanted = Taking(whose, asked.order.strip(), asked.amount, asked.currency, by_key=by)
        made = taking.take(session, wanted, asking.now)
        return _told_taking(session, made, asking)

    return tills.answer(Take, "credit", WRONG, act)


@bp.post("/api/credit/give-back")
def give_back() -> Any:
    """Give back what was taken for an order, or part of it."""

    def act(session: Session, asked: GiveBack, asking: Request) -> dict[str, Any]:
        key = tills.needed_key(asking)
        whose = asked.whose(session) if asked.names_somebody else None
        paid = giving_back.of_order(session, asked.order.strip(), whose)
        back = GivingBack(paid.id, key, asked.amount, by_key=asking.till)
        made = giving_back.give_back(session, back, asking.now)
        return _told_taking(session, paid, asking) | _told_return(made)

    return tills.answer(GiveBack, "credit", WRONG, act)


def _told(has: Purse) -> dict[str, Any]:
    return {
        "currency": has.currency,
        "available": has.available,
        "on_hold": has.on_hold,
        "expiring": [
            {"amount": each.amount, "expires_at": moment(each.expires_at)} for each in has.expiring
        ],
    }


def _told_taking(session: Session, made: CreditTaking, asking: Request) -> dict[str, Any]:
    has = purse.purse(session, made.member_id, made.currency, asking.now)
    return {
        "taking": made.id,
        "order": made.reference,
        "amount": made.amount,
        "currency": made.currency,
        "given_back": taking.returned(session, made.id),
        "available": has.available,
        "taken_at": moment(made.at),
    }


def _told_return(made: CreditReturn) -> dict[str, Any]:
    return {"back": made.amount, "back_at": moment(made.at)}
