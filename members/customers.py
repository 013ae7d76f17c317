"""Customers known from orders: each becomes a member once, however many orders name her.

The shop's own number (`customer_ref`) counts before the e-mail address. A member found by one of
the two learns the other if nobody else has it. Nothing here claims an account: an unclaimed member
has no password, and only a letter to her address lets her choose one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session, aliased

from foundation.once import insert_many_once, insert_once
from foundation.refusal import Refused
from foundation.tables import new_id
from foundation.words import DEFAULT, LANGUAGES
from members import addresses, handles
from members.models import Member

#: Whoever locks buyers and others with them, in one order for everybody (app.py).
LOCKS: list[Callable[[Session, Sequence[str], datetime], None]] = []


@dataclass(frozen=True)
class Customer:
    """What an order says about its buyer; the address as the shop wrote it."""

    email: str | None = None
    customer_ref: str | None = None
    name: str | None = None
    language: str | None = None
    since: datetime | None = None  # the first order, if it lies before today


def known_customer(
    session: Session,
    now: datetime,
    *,
    email: str | None = None,
    customer_ref: str | None = None,
    name: str | None = None,
    language: str | None = None,
    since: datetime | None = None,
) -> str:
    """The member behind an order, found or made. Raises Refused when the order names nobody."""
    draft = _cleaned(Customer(email, customer_ref, name, language, since))
    for _attempt in range(2):  # the second round meets whoever was quicker
        if found := _find(session, draft):
            _learn(session, [(found, draft)], now)
            return found
        values = _values(draft, now)
        if insert_once(session, Member, values):
            return str(values["id"])
    raise RuntimeError("a member who exists cannot be found")  # pragma: no cover


def known_customers(
    session: Session, now: datetime, drafts: Iterable[Customer]
) -> dict[Customer, str]:
    """The same for many at once, in a few statements per five hundred; by draft, as given."""
    given = {draft: _cleaned(draft) for draft in drafts}
    cleaned = list(dict.fromkeys(given.values()))
    found = _find_many(session, cleaned)
    missing = [draft for draft in cleaned if draft not in found]
    if missing:
        rows = _one_row_each(missing, now)
        for start in range(0, len(rows), 500):
            insert_many_once(session, Member, rows[start : start + 500])
    found |= _find_many(session, missing)
    _learn(session, [(found[draft], draft) for draft in cleaned], now)
    return {draft: found[clean] for draft, clean in given.items()}


def _cleaned(draft: Customer) -> Customer:
    ref = (draft.customer_ref or "").strip() or None
    email = addresses.normalise_known(draft.email)
    if ref is None and email is None:
        raise Refused(
            "Name the customer: an e-mail address or a customer number is needed.",
            code="customer",
            field="email",
        )
    name = " ".join((draft.name or "").split())[:80] or None
    language = draft.language if draft.language in LANGUAGES else None
    return Customer(email, ref, name, language, draft.since)


def _values(draft: Customer, now: datetime) -> dict[str, Any]:
    since = min(now, draft.since or now)
    member_id = new_id(since)
    return {
        "id": member_id,
        "handle": handles.provisional(member_id),
        "name": draft.name
        or (f"Customer {draft.customer_ref}" if draft.customer_ref else "Customer"),
        "email": draft.email,
        "email_verified_at": None,
        "password_hash": None,
        "role": "member",
        "language": draft.language or DEFAULT,
        "time_zone": "UTC",
        "customer_ref": draft.customer_ref,
        "joined_at": since,
        "claimed_at": None,
    }


def _one_row_each(drafts: Sequence[Customer], now: datetime) -> list[dict[str, Any]]:
    """Rows for drafts of which several may be one person."""
    rows: list[dict[str, Any]] = []
    by_mark: dict[tuple[str, str], dict[str, Any]] = {}
    for draft in drafts:
        marks = [("ref", draft.customer_ref), ("email", draft.email)]
        held = [(kind, value) for kind, value in marks if value]
        row = next((by_mark[mark] for mark in held if mark in by_mark), None)
        if row is None:
            row = _values(draft, now)
            rows.append(row)
        row["customer_ref"] = row["customer_ref"] or draft.customer_ref
        row["email"] = row["email"] or draft.email
        for mark in held:
            by_mark.setdefault(mark, row)
    return rows


def _find(session: Session, draft: Customer) -> str | None:
    for column, value in ((Member.customer_ref, draft.customer_ref), (Member.email, draft.email)):
        if value and (found := session.scalar(select(Member.id).where(column == value))):
            return found
    return None


def _find_many(session: Session, drafts: Sequence[Customer]) -> dict[Customer, str]:
    by_ref = _ids(session, Member.customer_ref, [d.customer_ref for d in drafts])
    by_email = _ids(session, Member.email, [d.email for d in drafts])
    found = {d: by_ref.get(d.customer_ref or "") or by_email.get(d.email or "") for d in drafts}
    return {draft: member_id for draft, member_id in found.items() if member_id}


def _ids(session: Session, column: Any, values: Sequence[str | None]) -> dict[str, str]:
    wanted = sorted({value for value in values if value})
    found: dict[str, str] = {}
    for start in range(0, len(wanted), 500):
        chunk = wanted[start : start + 500]
        found.update(session.execute(select(column, Member.id).where(column.in_(chunk))).all())
    return found


def _learn(session: Session, known: Sequence[tuple[str, Customer]], now: datetime) -> None:
    """Fill in a number or address that a known member lacks and nobody else has.

    Only for those who lack it: in an import nearly nobody does. What is written locks her row, so
    whoever will be locked after her is locked first.
    """
    buyers = [member_id for member_id, _ in known]
    known = [(member_id, d) for member_id, d in known if d.customer_ref and d.email]
    lacking = _lacking(session, [member_id for member_id, _ in known])
    for lock in LOCKS if lacking else ():
        lock(session, buyers, now)
    other = aliased(Member)
    for name, column in (("customer_ref", Member.customer_ref), ("email", Member.email)):
        taken = select(other.id).where(getattr(other, name) == bindparam("value")).exists()
        rows = [
            {"member": member_id, "value": getattr(draft, name)}
            for member_id, draft in known
            if (member_id, name) in lacking
        ]
        for row in rows:
            session.execute(
                update(Member)
                .where(Member.id == bindparam("member"), column.is_(None), ~taken)
                .values({name: bindparam("value")})
                .execution_options(synchronize_session=False),
                row,
            )


def _lacking(session: Session, member_ids: Sequence[str]) -> set[tuple[str, str]]:
    lacking: set[tuple[str, str]] = set()
    for start in range(0, len(member_ids), 500):
        chunk = member_ids[start : start + 500]
        rows = session.execute(
            select(Member.id, Member.email, Member.customer_ref).where(Member.id.in_(chunk))
        )
        for member_id, email, ref in rows:
            lacking.update({(member_id, "email")} if email is None else set())
            lacking.update({(member_id, "customer_ref")} if ref is None else set())
    return lacking
