"""What must be true of redemptions: the book has each one's unit where its state says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from ledger import holds, statements
from ledger.holds import Hold
from ledger.statements import Balances
from rewards.catalogue.models import Redemption
from rewards.catalogue.redemption_rules import OVER, is_handed_over
from rewards.commodities import GOOD

Line = Row[*tuple[Any, ...]]


def audit(session: Session) -> list[str]:
    """A sentence for every redemption without its unit, and for every unit without a redemption."""
    rows = session.execute(
        select(
            Redemption.id,
            Redemption.member_id,
            Redemption.item,
            Redemption.kind,
            Redemption.state,
            Redemption.unit_id,
            Redemption.handed_over_id,
        ).where(Redemption.kind != "voucher")
    ).all()
    held = holds.read_many(session, [row.unit_id for row in rows if row.unit_id is not None])
    booked = statements.balances_by_owner(session, GOOD)
    return [*_of_rows(rows, held), *_of_sums(rows, booked)]


def _of_rows(rows: Sequence[Line], held: Mapping[str, Hold]) -> list[str]:
    findings = []
    for row in rows:
        unit = held.get(row.unit_id or "")
        found = (unit.left, unit.posted, unit.voided) if unit else None
        if found != _expected(row) or not _says_so(row):
            findings.append(
                f"redemption {row.id} is {row.state}, its unit (left, posted, voided) {found},"
                f" handed over by {row.handed_over_id}"
            )
    return findings


def _expected(row: Line) -> tuple[int, int, int]:
    """How much of the unit is still held, was posted, was voided."""
    if row.handed_over_id is not None:
        return 0, 1, 0
    return (0, 0, 1) if row.state in OVER else (1, 0, 0)


def _says_so(row: Line) -> bool:
    """Whether the row names the handing over exactly where there was one."""
    if row.state == "refunded":  # a visit that was booked only, or something she had
        return True
    return (row.handed_over_id is not None) == is_handed_over(row.kind, row.state)


def _of_sums(rows: Sequence[Line], booked: Mapping[tuple[str, str], Balances]) -> list[str]:
    expected: dict[tuple[str, str], Balances] = {}
    for row in rows:
        whose = row.member_id, GOOD + row.item
        expected[whose] = _add(expected.get(whose, Balances()), row)
    return [
        f"{commodity} of {member_id}: {booked.get((member_id, commodity))} in the book,"
        f" but her redemptions say {expected.get((member_id, commodity))}"
        for member_id, commodity in sorted(expected.keys() | booked.keys())
        if booked.get((member_id, commodity), Balances())
        != expected.get((member_id, commodity), Balances())
    ]


def _add(so_far: Balances, row: Line) -> Balances:
    is_hers = row.handed_over_id is not None
    return Balances(
        pending=so_far.pending + (not is_hers and row.state not in OVER),
        spent=so_far.spent + (is_hers and row.state != "refunded"),
        clawed_back=so_far.clawed_back + (is_hers and row.state == "refunded"),
    )
