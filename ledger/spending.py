"""What a member spends, and what comes back of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ledger import credits, posting, refusals, transfers
from ledger.accounts import standings
from ledger.drafts import Draft, Transfer


def spend(
    session: Session,
    *,
    owner: str,
    commodity: str,
    amount: int,
    key: str,
    now: datetime,
    about: str | None = None,
    memo: Mapping[str, Any] | None = None,
    of: str | None = None,
) -> Transfer:
    """Take `amount` of what the owner has available; Refused (`insufficient`) beyond that.

    `of` is the credit that is spent: only units with its expiry are taken, and asking for more of
    them than there are is refused. A cancelled order gives it back with `give_back`.
    """
    standing = standings(session, owner, commodity, ["available", "redeemed"], now)
    source, target = standing["available"].id, standing["redeemed"].id
    draft = Draft(source, target, amount, key, "spend", about, memo, takes=of)
    if of is not None and (left := credits.left_like(session, source, of)) < amount:
        return _spent_before(session, draft, left)
    return transfers.make(session, draft, now)


def _spent_before(session: Session, draft: Draft, left: int) -> Transfer:
    """Too little is left of the credit: either this request took it, or it came too late."""
    made = posting.read_key(session, draft.key)
    if made is None:
        raise refusals.too_little(left, draft.amount)
    transfers.same_request(made, draft)
    return made


def give_back(
    session: Session,
    transfer_id: str,
    *,
    owner: str,
    commodity: str,
    key: str,
    now: datetime,
    amount: int | None = None,
    about: str | None = None,
) -> Transfer:
    """Give back `amount` of what `spend` took (None: all that is left), with the dates it had.

    What the owner owes takes its part of it. Else who spends a gift, loses it to a refund and then
    returns what she bought with it would have the gift again, beside a debt nobody asks for.
    """
    standing = standings(session, owner, commodity, ["available"], now)
    back = transfers.reverse(session, transfer_id, key=key, amount=amount, about=about, now=now)
    debt = -standing["owed"].posted if "owed" in standing else 0
    if debt and not back.replayed:
        transfers.transfer(
            session,
            source=standing["available"].id,
            target=standing["owed"].id,
            amount=min(debt, back.amount),
            key=f"{key}:owed",
            kind="pay_off",
            about=about,
            now=now,
        )
    return back
