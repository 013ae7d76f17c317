"""Whose credit a till asks about: by the code she shows, or by what the shop knows of her.

Whether an address or number is a member's stays unknown to whoever asks: a stranger and a member
without credit get the same answers, after the same statements. A code is a secret of its member;
a wrong one is said to be wrong, and counted (rewards/till_views.py).
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.refusal import Refused
from members import addresses
from members.models import Member
from rewards.topups import codes
from rewards.vouchers.codes import Customer

#: Nobody's identifier: owns nothing and is found nowhere.
NOBODY = ""


def find(session: Session, code: str | None, customer: Customer) -> str:
    """The member, or NOBODY; the code counts before the shop's number, that before the address.

    Refused when a code is nobody's, and when nothing was said.
    """
    if code:
        return codes.holder(session, code)
    email = addresses.normalise(customer.email) if customer.email else None
    for column, value in ((Member.customer_ref, customer.ref), (Member.email, email)):
        if value and (found := session.scalar(select(Member.id).where(column == value))):
            return found
    if not customer.ref and not email:
        raise Refused(
            "Name the customer: by the code on the screen, by number or by e-mail address.",
            code="customer",
            field="customer",
        )
    return NOBODY
