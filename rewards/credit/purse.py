"""What a member has of store credit, in each currency, at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from foundation.money import is_currency
from ledger import accounts, expiring, movements, statements
from ledger.expiring import Due
from ledger.statements import Expiring


@dataclass(frozen=True)
class Purse:
    """Credit in one currency, in minor units."""

    currency: str
    available: int  # what is past its date is not in it, swept or not
    on_hold: int
    spent: int
    expired: int
    owed: int  # taken back after it was spent
    expiring: Sequence[Expiring]  # soonest first; what is in none of them never expires

    @property
    def lasting(self) -> int:
        """What never expires."""
        return self.available - sum(each.amount for each in self.expiring)


def purse(session: Session, member_id: str, currency: str, now: datetime) -> Purse:
    """What she has in one currency; zeros for whoever never had any."""
    had = statements.balances(session, member_id, currency)
    dated = statements.expiring(session, member_id, currency)
    past = sum(each.amount for each in dated if each.expires_at <= now)
    return Purse(
        currency,
        had.available - past,
        had.pending,
        had.spent,
        had.expired + past,
        had.negative,
        [each for each in dated if each.expires_at > now],
    )


def purses(session: Session, member_id: str, now: datetime) -> list[Purse]:
    """What she has or had in every currency, most to spend first."""
    codes = [each.code for each in movements.commodities_of(session, member_id)]
    found = [purse(session, member_id, code, now) for code in codes if is_currency(code)]
    return sorted(found, key=lambda each: (-each.available, -each.on_hold, each.currency))


def let_expire(session: Session, member_id: str, currency: str, now: datetime) -> None:
    """Let go what is past its date and waits for the sweep, so that nobody spends it."""
    dated = statements.expiring(session, member_id, currency)
    past = [each.expires_at for each in dated if each.expires_at <= now]
    if past:  # locked first: the sweep passes over whom others are busy with
        held = accounts.standings(session, member_id, currency, ["available", "expired"], now)
        due = [Due(at, held["available"].id, member_id, currency) for at in past]
        expiring.expire_some(session, due, now)
