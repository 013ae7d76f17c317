"""What of a gift makes up for what its member owes: the book pays that off first, so the rest is
all that she can spend of it, and the news of it says so."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from ledger import statements

#: Whose it is, of what commodity, how much.
Gift = tuple[str, str, int]


def paid_off(session: Session, gifts: Sequence[Gift]) -> list[int]:
    """How much of each will make up for a debt, if they are given now and in this order."""
    debts: dict[tuple[str, str], int] = {}
    for commodity in sorted({commodity for _owner, commodity, _amount in gifts}):
        owners = sorted({owner for owner, of, _amount in gifts if of == commodity})
        for owner, numbers in statements.balances_of(session, owners, commodity).items():
            debts[owner, commodity] = numbers.negative
    found = []
    for owner, commodity, amount in gifts:
        found.append(min(amount, debts[owner, commodity]))
        debts[owner, commodity] -= found[-1]
    return found
