"""What the ledger refuses, in sentences; the database names its laws by one word each."""

from __future__ import annotations

from typing import Final

from foundation.refusal import Refused

#: The largest amount and balance: a signed 64-bit integer.
MOST: Final = 2**63 - 1

# What each law is refused with; raised as a copy.
LAWS = {
    "ledger_floor": Refused(
        "There is less on this account than was asked for.",
        code="insufficient",
    ),
    "ledger_ceiling": Refused(
        "That is more than this account may hold.",
        code="ceiling",
    ),
    "ledger_same_account": Refused(
        "A transfer needs two different accounts.",
        code="same_account",
    ),
    "ledger_account": Refused(
        "There is no such account. Open it before you transfer.",
        code="unknown_account",
    ),
    "ledger_commodity": Refused(
        "Both accounts of a transfer must hold the same commodity.",
        code="commodity",
    ),
    "ledger_held": Refused(
        "A pending account is filled by a hold, and emptied by posting or voiding that hold.",
        code="held",
    ),
    "ledger_resolves": Refused(
        "There is no such hold on this account.",
        code="unknown_hold",
    ),
    "ledger_resolved": Refused(
        "That is more than is left of this hold.",
        code="hold_exceeded",
    ),
    "ledger_settled": Refused(
        "Nothing is left of this hold: it was settled.",
        code="hold_settled",
    ),
    "ledger_expiry": Refused(
        "Units keep the date on which they expire: give a date only to what is new, and bring spent"
        " units back by reversing their transfer.",
        code="expiry",
    ),
    "ledger_reverses": Refused(
        "Only a transfer that is no reversal itself can be reversed, and only the way it came.",
        code="not_reversible",
    ),
    "ledger_reversed": Refused(
        "That is more than is left of this transfer: it was reversed before, in part or in full.",
        code="reversal_exceeded",
    ),
}
# The same laws as the engines word them when a constraint finds the offence first.
CONSTRAINTS = {
    "ck_ledger_balance_floor": "ledger_floor",
    "ck_ledger_balance_ceiling": "ledger_ceiling",
    "ck_ledger_hold_resolved": "ledger_resolved",
    "ck_ledger_transfer_accounts": "ledger_same_account",
}


def refused(law: str) -> Refused:
    """The refusal for one of LAWS."""
    return Refused(LAWS[law].sentence, code=LAWS[law].code)


def of(error: Exception) -> Refused | None:
    """The refusal for a database error, or None when it is not about the ledger's laws."""
    text = str(error)
    first_line = text.partition("\n")[0]
    if first_line in LAWS:
        return refused(first_line)
    for name, law in CONSTRAINTS.items():
        if name in text:
            return refused(law)
    if "whole_" in text or "integer overflow" in text or "bigint out of range" in text:
        return Refused("A balance cannot grow beyond 2^63 - 1.", code="overflow", field="amount")
    return None


def too_little(available: int, amount: int) -> Refused:
    """More was asked for than the account has."""
    return Refused(
        "There are %(available)s on this account; %(amount)s were asked for.",
        code="insufficient",
        field="amount",
        available=available,
        amount=amount,
    )


def conflict(key: str, field: str) -> Refused:
    """A key was used before, for another request."""
    return Refused(
        "The key %(key)s was used before with another %(difference)s."
        " Use a new key for a new request.",
        code="idempotency_conflict",
        field=field,
        status=409,
        key=key,
        difference=field,
    )


def check_amount(amount: object) -> int:
    """`amount` when it is a positive whole number of 64 bits; Refused otherwise."""
    if isinstance(amount, bool) or not isinstance(amount, int):
        raise Refused(
            "An amount is a whole number of the smallest unit; %(amount)s is not.",
            code="amount",
            field="amount",
            amount=amount,
        )
    if amount <= 0:
        raise Refused(
            "An amount must be more than zero; %(amount)s is not.",
            code="amount",
            field="amount",
            amount=amount,
        )
    if amount > MOST:
        raise Refused(
            "An amount cannot be more than 2^63 - 1; %(amount)s is.",
            code="amount",
            field="amount",
            amount=amount,
        )
    return amount


def check_key(key: object) -> str:
    """`key` when it is a text of 1 to 200 characters; Refused otherwise."""
    if not isinstance(key, str) or not 1 <= len(key) <= 200:
        raise Refused(
            "A transfer needs a key of 1 to 200 characters that no other request uses.",
            code="key",
            field="key",
        )
    return key
