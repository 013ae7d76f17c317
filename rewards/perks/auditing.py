"""What must be true of perks given to single members: the book has the unit of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from ledger import credits
from rewards.commodities import PERK
from rewards.perks.models import Entitlement

Line = Row[*tuple[Any, ...]]
#: An owner, a commodity, and the date on which its units end.
Lot = tuple[str, str, datetime | None]


def audit(session: Session) -> list[str]:
    """A sentence for every perk without its unit, and for every unit without a perk."""
    rows = session.execute(
        select(
            Entitlement.id,
            Entitlement.member_id,
            Entitlement.perk,
            Entitlement.ends_at,
            Entitlement.revoked_at,
            Entitlement.transfer_id,
            Entitlement.taken_back_id,
        )
    ).all()
    return [*_of_rows(session, rows), *_of_dates(session, rows)]


def _of_rows(session: Session, rows: Sequence[Line]) -> list[str]:
    """Each perk is a credit of one, and each credit a perk; what was taken back says so."""
    given = {each.id: each for each in credits.of_commodities(session, PERK)}
    findings = []
    for row in rows:
        unit = given.pop(row.transfer_id or "", None)
        expected = (row.member_id, PERK + row.perk, 1, row.ends_at, int(bool(row.taken_back_id)))
        found = unit and (
            unit.owner,
            unit.commodity,
            unit.amount,
            unit.expires_at,
            unit.taken_back,
        )
        if found != expected or (row.taken_back_id and not row.revoked_at):
            findings.append(f"perk {row.id} should be {expected} in the book and is {found}")
    return [*findings, *(f"unit {each} of {given[each].commodity} is no perk" for each in given)]


def _of_dates(session: Session, rows: Sequence[Line]) -> list[str]:
    """What is left with a date, or has expired with it, is what was not taken back."""
    expected: Counter[Lot] = Counter(
        (row.member_id, PERK + row.perk, row.ends_at) for row in rows if not row.taken_back_id
    )
    found: Counter[Lot] = Counter()
    for each in credits.by_date(session, PERK):
        found[each.owner, each.commodity, each.expires_at] += each.left + each.expired
    return [
        f"{lot[1]} of {lot[0]} until {lot[2]}: {found[lot]} in the book, {expected[lot]} given"
        for lot in expected.keys() | found.keys()
        if found[lot] != expected[lot]
    ]
