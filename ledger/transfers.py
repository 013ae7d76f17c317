"""Transfers between any two accounts of one commodity, one at a time, in sets, and back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation.refusal import Refused
from foundation.tables import new_id, new_ids
from ledger import posting, refusals
from ledger.drafts import Draft, Transfer
from ledger.models import transfer as transfers

#: What one request takes: (source, target, amount) of each of its transfers.
Parts = Sequence[tuple[int, int, int]]
#: What makes two requests the same.
REQUEST = (
    "source",
    "target",
    "amount",
    "kind",
    "about",
    "memo",
    "until",
    "resolves",
    "reverses",
    "expires_at",
    "takes",
)


def transfer(
    session: Session,
    *,
    source: int,
    target: int,
    amount: int,
    key: str,
    kind: str,
    now: datetime,
    about: str | None = None,
    memo: Mapping[str, Any] | None = None,
) -> Transfer:
    """Move `amount` units from account `source` to account `target`.

    Refused when the amount is not a positive whole number, an account is missing, holds another
    commodity or would cross its limits, or when `key` was used for another request. The same
    request again gives back the same transfer and does nothing.
    """
    return make(session, Draft(source, target, amount, key, kind, about, memo), now)


def make(session: Session, draft: Draft, now: datetime) -> Transfer:
    """The transfer of `draft`, made now or found by its key."""
    _check(draft)
    made = posting.write(session, draft, now)
    if made.replayed:
        same_request(made, draft)
    return made


def transfer_many(session: Session, drafts: Sequence[Draft], now: datetime) -> list[Transfer]:
    """All transfers of `drafts` in few statements, in their order; all or none.

    Each is made or found by its own key, like `transfer`.
    """
    for draft in drafts:
        _check(draft)
    made = posting.write_many(session, drafts, now)
    for done, draft in zip(made, drafts, strict=True):
        if done.replayed:
            same_request(done, draft)
    return made


def reverse(
    session: Session,
    transfer_id: str,
    *,
    key: str,
    now: datetime,
    amount: int | None = None,
    about: str | None = None,
    memo: Mapping[str, Any] | None = None,
) -> Transfer:
    """Give back `amount` of a transfer (None: all that is left of it), as a new transfer.

    All reversals of a transfer together never exceed it. Holds are voided instead, and what a
    hold posted is clawed back; a reversal cannot be reversed.
    """
    if amount is not None:
        refusals.check_amount(amount)
    original = read(session, transfer_id)
    left = original.amount - _reversed(session, transfer_id)
    back = Draft(
        source=original.target,
        target=original.source,
        amount=left if amount is None else amount,
        key=refusals.check_key(key),
        kind="reverse",
        about=about,
        memo=memo,
        reverses=transfer_id,
    )
    if back.amount > left or not left:
        return _reversed_before(session, back)
    return make(session, back, now)


def read(session: Session, transfer_id: str) -> Transfer:
    """The transfer with this id; Refused (404) when there is none."""
    row = session.execute(select(transfers).where(transfers.c.id == transfer_id)).first()
    if row is None:
        raise Refused("There is no such transfer.", code="unknown_transfer", status=404)
    return posting.transfer_of(row)


def make_parts(
    session: Session,
    whole: Draft,
    parts: Parts,
    accounts: Collection[int],
    now: datetime,
) -> list[Transfer]:
    """One request that takes several transfers, its `parts`.

    The first carries the request's key, the others `<key>+2` and so on; all are linked to the
    first. A replay gives back the parts made then, whatever the split would be now; `accounts` are
    those that any split of this request may touch. Parts of nothing are left out.
    """
    first_id = new_id(now)
    made: list[Transfer] = []
    for draft in _split(whole, parts, first_id):
        made.append(posting.write(session, draft, now, id=None if made else first_id))
        if made[0].replayed:
            return replayed_parts(session, made[0], whole, accounts)
    return made


def make_parts_many(
    session: Session,
    wholes: Sequence[tuple[Draft, Parts | None]],
    now: datetime,
) -> list[list[Transfer]]:
    """`make_parts` of many requests whose keys are all new, in few statements.

    Of a request that has no parts (None), the whole is the one transfer.
    """
    drafts: list[Draft] = []
    counts: list[int] = []
    ids = new_ids(now, sum(len(parts) if parts else 1 for _, parts in wholes))
    for whole, parts in wholes:
        split = _split(whole, parts, ids[len(drafts)]) if parts else [whole]
        drafts += split
        counts.append(len(split))
    made = posting.write_many(session, drafts, now, ids=ids[: len(drafts)])
    if len(drafts) == len(wholes):
        return [[each] for each in made]
    following = iter(made)
    return [list(islice(following, count)) for count in counts]


def _split(whole: Draft, parts: Parts, first_id: str) -> list[Draft]:
    """The transfers of one request, the first of which has this id."""
    wanted = [part for part in parts if part[2]]
    if wanted == [(whole.source, whole.target, whole.amount)]:
        return [whole]
    linked = first_id if len(wanted) > 1 else None
    return [
        replace(
            whole,
            source=source,
            target=target,
            amount=amount,
            key=whole.key if number == 1 else f"{whole.key}+{number}",
            linked=linked,
        )
        for number, (source, target, amount) in enumerate(wanted, start=1)
    ]


def replayed_parts(
    session: Session, first: Transfer, whole: Draft, accounts: Collection[int]
) -> list[Transfer]:
    """What the same request made before; Refused when it was another request."""
    parts = linked_to(session, first)
    for name in ("kind", "about", "memo", "resolves", "expires_at", "takes"):
        if getattr(first, name) != getattr(whole, name):
            raise refusals.conflict(whole.key, name)
    if not {first.source, first.target} <= set(accounts):
        raise refusals.conflict(whole.key, "owner")
    if sum(part.amount for part in parts) != whole.amount:
        raise refusals.conflict(whole.key, "amount")
    return parts


def linked_to(session: Session, first: Transfer) -> list[Transfer]:
    """The transfers of one request, whose first is given."""
    if first.linked is None:
        return [first]
    rows = session.execute(
        select(transfers).where(transfers.c.linked == first.id).order_by(transfers.c.key)
    ).all()
    return [posting.transfer_of(row, replayed=first.replayed) for row in rows]


def same_request(made: Transfer, draft: Draft) -> None:
    """Refused when `made` came from another request than `draft`, naming the field that differs."""
    for name in REQUEST:
        if getattr(made, name) != getattr(draft, name):
            raise refusals.conflict(draft.key, name)


def _check(draft: Draft) -> None:
    refusals.check_amount(draft.amount)
    refusals.check_key(draft.key)
    if draft.source == draft.target:
        raise refusals.refused("ledger_same_account")


def _reversed(session: Session, transfer_id: str) -> int:
    total = select(func.coalesce(func.sum(transfers.c.amount), 0))
    return int(session.scalar(total.where(transfers.c.reverses == transfer_id)) or 0)


def _reversed_before(session: Session, back: Draft) -> Transfer:
    """Too little is left to reverse: either this request took it, or it came too late."""
    made = posting.read_key(session, back.key)
    if made is None:
        raise refusals.refused("ledger_reversed")
    same_request(made, replace(back, amount=back.amount or made.amount))
    return made
