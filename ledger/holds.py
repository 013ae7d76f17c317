"""Two-phase credits: held on the owner's pending account, then posted or voided, all or in part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from foundation.refusal import Refused
from ledger import posting, refusals, transfers
from ledger.accounts import account, account_many, standings
from ledger.drafts import Draft, Transfer
from ledger.earning import ids, pay_off
from ledger.models import account as accounts
from ledger.models import hold as holds
from ledger.models import transfer as transfers_table


@dataclass(frozen=True)
class Hold:
    """An amount promised to `owner` and held until `until`; `id` is that of its transfer.

    Once posted it can be spent until `expires_at` (None: for ever).
    """

    id: str
    owner: str
    commodity: str
    account: int
    source: int
    amount: int
    posted: int
    voided: int
    until: datetime
    expires_at: datetime | None = None

    @property
    def left(self) -> int:
        """What is neither posted nor voided yet."""
        return self.amount - self.posted - self.voided


@dataclass(frozen=True)
class HoldDraft:
    """A hold about to be made; `key` makes it happen once.

    What is posted of it expires at `expires_at` (None: never), whenever it is posted: give
    `until + period` to count from the release, the grant's moment + period to count from the grant.
    """

    owner: str
    commodity: str
    amount: int
    key: str
    until: datetime
    about: str | None = None
    memo: Mapping[str, Any] | None = None
    expires_at: datetime | None = None


def hold(
    session: Session,
    *,
    owner: str,
    commodity: str,
    amount: int,
    key: str,
    until: datetime,
    now: datetime,
    about: str | None = None,
    memo: Mapping[str, Any] | None = None,
    expires_at: datetime | None = None,
) -> Transfer:
    """Issue `amount` to the owner's pending account; the transfer's id is the hold's.

    `until` is when it is meant to be posted; `due` finds it then. Nothing is posted by itself.
    `expires_at`: see `HoldDraft`.
    """
    standing = standings(session, owner, commodity, ["pending"], now)
    source, target = standing["issued"].id, standing["pending"].id
    draft = Draft(source, target, amount, key, "hold", about, memo, until, expires_at=expires_at)
    return transfers.make(session, draft, now)


def hold_many(session: Session, drafts: Sequence[HoldDraft], now: datetime) -> list[Transfer]:
    """All holds of `drafts` in few statements, in their order; all or none."""
    source: dict[str, int] = {}
    target: dict[tuple[str, str], int] = {}
    for commodity in {draft.commodity for draft in drafts}:
        owners = [draft.owner for draft in drafts if draft.commodity == commodity]
        source[commodity] = account(session, None, "issued", commodity, now)
        found = account_many(session, owners, "pending", commodity, now)
        target |= {(owner, commodity): number for owner, number in found.items()}
    made = [
        Draft(
            source[each.commodity],
            target[each.owner, each.commodity],
            each.amount,
            each.key,
            "hold",
            each.about,
            each.memo,
            until=each.until,
            expires_at=each.expires_at,
        )
        for each in drafts
    ]
    return transfers.transfer_many(session, made, now)


def post(
    session: Session,
    hold_id: str,
    amount: int | None = None,
    *,
    key: str,
    now: datetime,
    about: str | None = None,
    memo: Mapping[str, Any] | None = None,
) -> list[Transfer]:
    """Make `amount` of a hold (None: all that is left) available, paying off what is owed first.

    Refused when less is left of the hold.
    """
    held = read(session, hold_id)
    standing = standings(session, held.owner, held.commodity, ["available"], now)
    target = standing["available"].id
    whole = Draft(held.account, target, amount or 0, key, "post", about, memo, resolves=hold_id)
    whole = replace(whole, expires_at=held.expires_at)
    whole, made = _left(session, whole, amount, ids(standing))
    if made:
        return made
    parts = pay_off(standing, held.account, whole.amount)
    return transfers.make_parts(session, whole, parts, ids(standing), now)


def void(
    session: Session,
    hold_id: str,
    amount: int | None = None,
    *,
    key: str,
    now: datetime,
    about: str | None = None,
    memo: Mapping[str, Any] | None = None,
) -> Transfer:
    """Take `amount` of a hold (None: all that is left) back to where it was issued."""
    held = read(session, hold_id)
    whole = Draft(
        held.account, held.source, amount or 0, key, "void", about, memo, resolves=hold_id
    )
    standings(session, held.owner, held.commodity, (), now)  # locks them
    whole, made = _left(session, whole, amount, {held.account, held.source})
    return made[0] if made else transfers.make(session, whole, now)


def read(session: Session, hold_id: str) -> Hold:
    """The hold with this id; Refused (404) when there is none."""
    row = session.execute(_holds().where(holds.c.transfer == hold_id)).first()
    if row is None:
        raise Refused("There is no such hold.", code="unknown_hold", status=404)
    return Hold(*row)


def read_many(session: Session, hold_ids: Sequence[str]) -> dict[str, Hold]:
    """The holds with these ids, by id; Refused (404) when one does not exist."""
    found: dict[str, Hold] = {}
    for start in range(0, len(hold_ids), 5_000):
        chunk = hold_ids[start : start + 5_000]
        rows = session.execute(_holds().where(holds.c.transfer.in_(chunk)))
        found |= {row.transfer: Hold(*row) for row in rows}
    if not found.keys() >= set(hold_ids):
        raise Refused("There is no such hold.", code="unknown_hold", status=404)
    return found


def due(
    session: Session, now: datetime, *, limit: int = 500, after: Hold | None = None
) -> list[Hold]:
    """Holds whose time has come and that are not settled, longest overdue first, page by page."""
    statement = (
        _holds()
        .where(holds.c.posted + holds.c.voided < holds.c.amount, holds.c.until <= now)
        .order_by(holds.c.until, holds.c.transfer)
        .limit(limit)
    )
    if after is not None:
        place = tuple_(holds.c.until, holds.c.transfer)
        statement = statement.where(place > (after.until, after.id))
    return [Hold(*row) for row in session.execute(statement)]


def _holds() -> Any:
    return select(
        holds.c.transfer,
        accounts.c.owner,
        accounts.c.commodity,
        holds.c.account,
        holds.c.source,
        holds.c.amount,
        holds.c.posted,
        holds.c.voided,
        holds.c.until,
        transfers_table.c.expires_at,
    ).select_from(
        holds.join(accounts, accounts.c.id == holds.c.account).join(
            transfers_table, transfers_table.c.id == holds.c.transfer
        )
    )


def _left(
    session: Session, whole: Draft, amount: int | None, accounts: set[int]
) -> tuple[Draft, list[Transfer]]:
    """The request with its amount filled in, or what it made before.

    Read after the owner's balances were locked. Refused when too little is left of the hold and
    this request is not what took it.
    """
    refusals.check_key(whole.key)
    if amount is not None:
        refusals.check_amount(amount)
    assert whole.resolves is not None
    left = read(session, whole.resolves).left
    if left and whole.amount <= left:
        return replace(whole, amount=amount or left), []
    first = posting.read_key(session, whole.key)
    if first is None:
        raise refusals.refused("ledger_resolved" if amount else "ledger_settled")
    made = transfers.linked_to(session, first)
    whole = replace(whole, amount=amount or sum(part.amount for part in made))
    return whole, transfers.replayed_parts(session, first, whole, accounts)
