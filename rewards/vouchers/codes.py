"""Vouchers: issued as a code, taken off an order by the shop, given back when that falls through.

A code is 80 random bits. How often it may still be used is one counter that moves in a guarded
update, so that of eight tills that ask at once one gets the last use. An order uses a voucher once,
however often the shop asks: asking again gives the same answer.

A personal voucher is good for its member only, whom the shop names by address or customer number.
To everybody else it does not exist: the same answer, after the same statements.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from foundation import facts
from foundation.money import format_amount
from foundation.once import insert_once
from foundation.refusal import Refused
from foundation.tables import ALPHABET, new_id
from members import addresses
from members.models import Member
from notifications.telling import tell
from rewards.catalogue import notices
from rewards.catalogue.models import VoucherUse
from rewards.models import Voucher

#: Letters of a code: 16 of 32 are 80 random bits, far beyond guessing over the network.
CODE_LETTERS = 16
#: What people read and type for letters that the alphabet does not have.
MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})


@dataclass(frozen=True)
class VoucherDraft:
    """A voucher about to be issued. `key` makes it happen once for the member."""

    member_id: str
    key: str
    about: str
    item: str
    version: int
    cost: int
    value: int
    currency: str
    uses: int = 1
    bearer: bool = False
    expires_at: datetime | None = None
    order_min: int | None = None


@dataclass(frozen=True)
class Customer:
    """Whom a till has before it: by e-mail address, by the shop's own number, or not at all."""

    email: str | None = None
    ref: str | None = None


def issue(session: Session, draft: VoucherDraft, now: datetime) -> Voucher:
    """A voucher with a fresh code; the one issued before for the same member and key."""
    row: dict[str, Any] = {
        "id": new_id(now),
        "member_id": draft.member_id,
        "request_key": draft.key,
        "about": draft.about,
        "code": new_code(),
        "item": draft.item,
        "version": draft.version,
        "cost": draft.cost,
        "value": draft.value,
        "currency": draft.currency,
        "uses": draft.uses,
        "used": 0,
        "bearer": draft.bearer,
        "issued_at": now,
        "expires_at": draft.expires_at,
        "revoked_at": None,
        "used_at": None,
        "order_min": draft.order_min,
    }
    insert_once(session, Voucher, row)
    return session.scalars(
        select(Voucher).where(
            Voucher.member_id == draft.member_id, Voucher.request_key == draft.key
        )
    ).one()


def new_code() -> str:
    """A voucher's code, 80 random bits in four groups of four: 7K2M-9QXA-4TBW-PZ3C."""
    letters = [secrets.choice(ALPHABET).upper() for _ in range(CODE_LETTERS)]
    return _grouped("".join(letters))


def read_code(typed: str) -> str:
    """A code as people type it, in the form we keep: case, blanks and hyphens do not matter."""
    plain = "".join(letter for letter in typed.upper() if letter.isalnum()).translate(MISREAD)
    return _grouped(plain)


def _grouped(letters: str) -> str:
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def find(session: Session, code: str, customer: Customer) -> Voucher | None:
    """The voucher of a code if this customer may use it; None else, for whatever reason."""
    may_use: list[ColumnElement[bool]] = [Voucher.bearer.is_(True)]
    if customer.email:
        may_use.append(Member.email == addresses.normalise(customer.email))
    if customer.ref:
        may_use.append(Member.customer_ref == customer.ref)
    return session.scalars(
        select(Voucher)
        .join(Member, Member.id == Voucher.member_id)
        .where(Voucher.code == read_code(code), or_(*may_use))
    ).first()


def known(session: Session, code: str, customer: Customer) -> Voucher:
    """The voucher of a code; Refused when there is none that this customer may use."""
    voucher = find(session, code, customer)
    if voucher is None:
        raise Refused(
            "There is no such voucher for this customer. Compare the code, and the address the"
            " customer signed up with here.",
            code="unknown_voucher",
            field="code",
            status=404,
        )
    return voucher


def taken_off(session: Session, code: str, reference: str) -> Voucher:
    """The voucher of a code that was ever taken off the order `reference`; Refused (404) else."""
    voucher = session.scalars(
        select(Voucher)
        .join(VoucherUse, VoucherUse.voucher_id == Voucher.id)
        .where(Voucher.code == read_code(code), VoucherUse.reference == reference)
        .limit(1)
    ).first()
    if voucher is None:
        raise Refused(
            "No such voucher was taken off this order.",
            code="unknown_use",
            field="order",
            status=404,
        )
    return voucher


def use(
    session: Session,
    voucher: Voucher,
    reference: str,
    by_key: str | None,
    now: datetime,
    total: int | None = None,
) -> VoucherUse:
    """Take the voucher off the order `reference`; the same use when it was taken off before.

    `total` is what the order is worth in minor units of the voucher's currency, before it. Refused
    when the voucher is used up, expired or revoked, or asks for an order worth more.
    """
    row = {
        "id": new_id(now),
        "voucher_id": voucher.id,
        "reference": reference,
        "by_key": by_key,
        "at": now,
        "released_at": None,
    }
    if not insert_once(session, VoucherUse, row):
        return _standing(session, voucher.id, reference)
    _refuse_small(voucher, total)
    if not _count(session, voucher.id, now):
        session.refresh(voucher)
        raise refused_as(voucher, now)
    subject = f"voucher:{voucher.id}:{row['id']}"
    details = {"order": reference, "value": voucher.value, "currency": voucher.currency}
    facts.record(session, "voucher.used", voucher.member_id, subject, now, **details)
    session.refresh(voucher)
    _tell(session, voucher, notices.VOUCHER_USED, now, order=reference)
    return session.get_one(VoucherUse, str(row["id"]))


def give_back(session: Session, voucher: Voucher, reference: str, now: datetime) -> VoucherUse:
    """The order fell through: its use counts no more. Again, it changes nothing."""
    released = session.execute(
        update(VoucherUse)
        .where(
            VoucherUse.voucher_id == voucher.id,
            VoucherUse.reference == reference,
            VoucherUse.released_at.is_(None),
        )
        .values(released_at=now)
        .returning(VoucherUse.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    if released is None:
        return _given_back_before(session, voucher.id, reference)
    session.execute(
        update(Voucher)
        .where(Voucher.id == voucher.id)
        .values(used=Voucher.used - 1)
        .execution_options(synchronize_session=False)
    )
    session.refresh(voucher)
    subject = f"voucher:{voucher.id}:{released}"
    facts.record(session, "voucher.released", voucher.member_id, subject, now, order=reference)
    _tell(session, voucher, notices.VOUCHER_RELEASED, now, order=reference)
    return session.get_one(VoucherUse, released)


def revoke(session: Session, voucher_id: str, now: datetime) -> bool:
    """End a voucher that was never used; False when it was used, expired or ended before."""
    row = session.execute(
        update(Voucher)
        .where(Voucher.id == voucher_id, Voucher.used == 0, Voucher.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(Voucher.id)
        .execution_options(synchronize_session=False)
    ).first()
    return row is not None


def refused_as(voucher: Voucher, now: datetime) -> Refused:
    """Why a voucher cannot be used, as a refusal."""
    state = voucher.state(now)
    if state == "expired":
        return Refused("This voucher has expired.", code="voucher_expired", field="code")
    if state == "revoked":
        if voucher.cost == 0:
            return Refused(
                "This voucher went back with the refund of an order it was given for.",
                code="voucher_revoked",
                field="code",
            )
        return Refused(
            "This voucher was given back for its points.", code="voucher_revoked", field="code"
        )
    return Refused(
        "This voucher has been used already.", code="voucher_used", field="code", status=409
    )


def _refuse_small(voucher: Voucher, total: int | None) -> None:
    least = voucher.order_min
    if least is None or (total is not None and total >= least):
        return
    price = format_amount(least, voucher.currency)
    if total is None:
        raise Refused(
            "This voucher is for orders worth at least %(least)s. Say what the order is worth.",
            code="total_needed",
            field="total",
            least=price,
        )
    raise Refused(
        "This voucher is for orders worth at least %(least)s.",
        code="order_too_small",
        field="total",
        least=price,
    )


def _count(session: Session, voucher_id: str, now: datetime) -> bool:
    """Use it once more, if it is open; the database decides who comes first."""
    row = session.execute(
        update(Voucher)
        .where(Voucher.id == voucher_id, Voucher.used < Voucher.uses, Voucher.revoked_at.is_(None))
        .where(or_(Voucher.expires_at.is_(None), Voucher.expires_at > now))
        .values(used=Voucher.used + 1, used_at=now)
        .returning(Voucher.id)
        .execution_options(synchronize_session=False)
    ).first()
    return row is not None


def _standing(session: Session, voucher_id: str, reference: str) -> VoucherUse:
    return session.scalars(
        select(VoucherUse).where(
            VoucherUse.voucher_id == voucher_id,
            VoucherUse.reference == reference,
            VoucherUse.released_at.is_(None),
        )
    ).one()


def _given_back_before(session: Session, voucher_id: str, reference: str) -> VoucherUse:
    return session.scalars(
        select(VoucherUse)
        .where(VoucherUse.voucher_id == voucher_id, VoucherUse.reference == reference)
        .order_by(VoucherUse.id.desc())
        .limit(1)
    ).one()


def _tell(session: Session, voucher: Voucher, notice: Any, now: datetime, **params: Any) -> None:
    tell(
        session,
        voucher.member_id,
        notice,
        now,
        link="/me/rewards#vouchers",
        about=f"voucher:{voucher.id}",
        code=voucher.code,
        value=voucher.value,
        currency=voucher.currency,
        left=voucher.uses - voucher.used,
        **params,
    )
