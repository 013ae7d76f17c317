"""Vouchers: issued as a code, taken off an order by the shop, given back when that falls through.

A code is 80 random bits. How often it may still be used is one counter that moves in a guarded
update, so that of eight tills that ask at once one gets the last use. An order uses a voucher once,
however often the shop asks: asking again gives the same answer. The book counts the same uses, in
the same transaction (booking.py).

Whoever issues or revokes has locked the members; who uses or gives back need not.

A personal voucher is good for its member only, whom the shop names by address or customer number.
To everybody else it does not exist: the same answer, after the same statements.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, tuple_, update
from sqlalchemy.orm import Session

from foundation import facts
from foundation.money import format_amount
from foundation.once import insert_many_once, insert_once
from foundation.refusal import Refused
from foundation.tables import ALPHABET, new_id
from foundation.words import when
from members import addresses
from members.models import Member
from notifications.telling import tell
from rewards.catalogue import notices
from rewards.catalogue.models import VoucherUse
from rewards.locking import lock_members
from rewards.models import Voucher
from rewards.tallies import CHUNK
from rewards.vouchers import booking

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
    return issue_many(session, [draft], now)[0]


def issue_many(session: Session, drafts: Sequence[VoucherDraft], now: datetime) -> list[Voucher]:
    """`issue` of each draft, in their order, in few statements."""
    rows = [_row(draft, now) for draft in drafts]
    insert_many_once(session, Voucher, rows)
    found = _by_key(session, [(draft.member_id, draft.key) for draft in drafts])
    fresh = {row["id"] for row in rows}
    booking.credit(session, [each for each in found.values() if each.id in fresh], now)
    return [found[draft.member_id, draft.key] for draft in drafts]


def _row(draft: VoucherDraft, now: datetime) -> dict[str, Any]:
    return {
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
        "transfer_id": None,  # once the book has it
    }


def _by_key(session: Session, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Voucher]:
    """The vouchers issued for these members and keys, the oldest first."""
    found: dict[tuple[str, str], Voucher] = {}
    for start in range(0, len(keys), CHUNK):
        place = tuple_(Voucher.member_id, Voucher.request_key)
        query = select(Voucher).where(place.in_(keys[start : start + CHUNK])).order_by(Voucher.id)
        found |= {(each.member_id, each.request_key): each for each in session.scalars(query)}
    return found


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
    if voucher is None and not (customer.email or customer.ref):
        raise Refused(
            "No voucher with this code is good for whoever has it. Compare the code, and send the"
            " customer’s address or number: most vouchers are for one member only.",
            code="unknown_voucher",
            field="code",
            status=404,
        )
    if voucher is None:
        raise Refused(
            "There is no such voucher for this customer. Compare the code, and the address the"
            " customer signed up with here.",
            code="unknown_voucher",
            field="code",
            status=404,
        )
    return voucher


def of_code(session: Session, code: str) -> Voucher:
    """The voucher of a code, whoever shows it: the staff look at whom they have before them.
    Refused (404) when there is none."""
    voucher = at_code(session, code)
    if voucher is None:
        raise Refused(
            "There is no voucher with this code. Compare it with the member’s screen.",
            code="unknown_voucher",
            field="code",
            status=404,
        )
    return voucher


def at_code(session: Session, code: str) -> Voucher | None:
    """The voucher of a code as somebody typed it; None when there is none."""
    return session.scalars(select(Voucher).where(Voucher.code == read_code(code))).first()


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
            "No such voucher was taken off this order. Compare the code and the order’s number.",
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
    currency: str | None = None,
    *,
    by_id: str | None = None,
) -> VoucherUse:
    """Take the voucher off the order `reference`; the same use when it was taken off before.

    `total` is what the order is worth before it, in minor units of the voucher's currency. Refused
    when the voucher is used up, expired or revoked, and after that when the order is in
    another currency or worth less than it asks for: who buys more for it is not sent away then.
    """
    lock_members(session, [voucher.member_id])
    use_id = new_id(now)
    row = {
        "id": use_id,
        "voucher_id": voucher.id,
        "reference": reference,
        "by_key": by_key,
        "by_id": by_id,
        "at": now,
        "released_at": None,
        "transfer_id": None,  # once the book has it
    }
    if not insert_once(session, VoucherUse, row):
        return _standing(session, voucher.id, reference)
    if not _count(session, voucher.id, now):
        session.refresh(voucher)
        raise refused_as(voucher, now)
    _refuse_unfit(voucher, total, currency)
    use = session.get_one(VoucherUse, use_id)
    use.transfer_id = booking.spend(session, voucher, use_id, now)
    if use.transfer_id is None:
        raise _too_late(voucher)
    subject = f"voucher:{voucher.id}:{use_id}"
    details = {"order": reference, "value": voucher.value, "currency": voucher.currency}
    facts.record(session, "voucher.used", voucher.member_id, subject, now, **details)
    session.refresh(voucher)
    _tell(session, voucher, notices.VOUCHER_USED, now, order=reference)
    return use


def give_back(session: Session, voucher: Voucher, reference: str, now: datetime) -> VoucherUse:
    """The order fell through: its use counts no more. Again, it changes nothing.

    What is given back of a voucher that has expired meanwhile has expired as well.
    """
    lock_members(session, [voucher.member_id])
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
    use = session.get_one(VoucherUse, released, populate_existing=True)
    booking.give_back(session, voucher, use, now)
    subject = f"voucher:{voucher.id}:{released}"
    facts.record(session, "voucher.released", voucher.member_id, subject, now, order=reference)
    until = voucher.expires_at
    gone = until.isoformat() if until is not None and until <= now else None
    _tell(session, voucher, notices.VOUCHER_RELEASED, now, order=reference, expired_at=gone)
    return use


def revoke(session: Session, voucher_id: str, now: datetime) -> bool:
    """End a voucher that is not used; False when it is, or has expired, or was ended before."""
    voucher = session.get_one(Voucher, voucher_id, with_for_update=True)
    if not voucher.is_whole(now) or not booking.claw_back(session, voucher, now):
        return False
    voucher.revoked_at = now
    session.flush()
    return True


def refused_as(voucher: Voucher, now: datetime) -> Refused:
    """Why a voucher cannot be used, as a refusal."""
    state = voucher.state(now)
    if state == "expired":
        return _too_late(voucher)
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
    if voucher.uses > 1:
        return Refused(
            "This voucher has been used %(times)s times. It may not be used more often.",
            code="voucher_used",
            field="code",
            status=409,
            times=voucher.uses,
        )
    return Refused(
        "This voucher has been used already.", code="voucher_used", field="code", status=409
    )


def _too_late(voucher: Voucher) -> Refused:
    return Refused(
        "This voucher has expired. It was good until %(day)s.",
        code="voucher_expired",
        field="code",
        day=when(voucher.expires_at),
    )


def _refuse_unfit(voucher: Voucher, total: int | None, currency: str | None) -> None:
    if currency not in (None, voucher.currency):
        raise Refused(
            "This voucher is for orders in %(right)s. This order is in %(wrong)s.",
            code="wrong_currency",
            field="currency",
            right=voucher.currency,
            wrong=currency,
        )
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
