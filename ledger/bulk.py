"""Credits, posts and voids of many owners at once: the same verbs, in a few statements.

Each request has its own key and is made or found by it, so a set that was interrupted is sent again
as it is. All of a set happens or nothing does. Owners' balances are locked in one order for
everybody, so two sets that meet never wait for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from foundation.garbage import uncollected
from ledger import accounts, holds, posting, refusals, transfers
from ledger.accounts import Owned, Standing
from ledger.drafts import Columns, Draft, Transfer
from ledger.earning import ids
from ledger.holds import Hold
from ledger.transfers import Parts

AnyDraft = TypeVar("AnyDraft", "CreditDraft", "Resolution")
Standings = dict[str, dict[str, Standing]]


@dataclass(frozen=True, slots=True)
class CreditDraft:
    """A credit about to be made; see `earning.credit`."""

    owner: str
    commodity: str
    amount: int
    key: str
    about: str | None = None
    memo: Mapping[str, Any] | None = None
    expires_at: datetime | None = None


SAID = tuple(each.name for each in fields(CreditDraft))
_said = attrgetter(*SAID)


@dataclass(frozen=True)
class Resolution:
    """A hold about to be posted or voided, all that is left of it or `amount`."""

    hold_id: str
    key: str
    amount: int | None = None
    about: str | None = None
    memo: Mapping[str, Any] | None = None


@uncollected()
def credit_many(
    session: Session, drafts: Sequence[CreditDraft], now: datetime
) -> list[list[Transfer]]:
    """`earning.credit` of each draft, in their order."""
    for draft in drafts:
        refusals.check_amount(draft.amount)
        refusals.check_key(draft.key)
    once = _once(drafts)
    owned = _owned(session, drafts, ["available"], now)
    known = posting.read_keys(session, list(once))
    if known or any(each.has_debts() for each in owned.values()):
        made = _credit_each(session, once.values(), owned, known, now)
    else:
        made = _credit_all(session, list(once.values()), owned, now)
    return [made[draft.key] for draft in drafts]


def _credit_all(
    session: Session, drafts: Sequence[CreditDraft], owned: Mapping[str, Owned], now: datetime
) -> dict[str, list[Transfer]]:
    """Credits that were never made, to owners who owe nothing: one transfer each."""
    if not drafts:
        return {}
    columns: Columns = dict(zip(SAID, zip(*map(_said, drafts), strict=True), strict=True))
    places = list(zip(columns.pop("commodity"), columns.pop("owner"), strict=True))
    available = {commodity: each.of_kind("available") for commodity, each in owned.items()}
    columns["source"] = [owned[commodity].issued for commodity, _owner in places]
    columns["target"] = [available[commodity][owner] for commodity, owner in places]
    columns["kind"] = ["credit"] * len(places)
    made = posting.write_columns(session, columns, now)
    return {each.key: [each] for each in made}


def _credit_each(
    session: Session,
    drafts: Iterable[CreditDraft],
    owned: Mapping[str, Owned],
    known: Mapping[str, Transfer],
    now: datetime,
) -> dict[str, list[Transfer]]:
    """Credits of which some were made before, or pay off what their owner owes."""
    standings = {commodity: each.standings() for commodity, each in owned.items()}
    made: dict[str, list[Transfer]] = {}
    fresh: list[tuple[Draft, Parts | None]] = []
    debts = _Debts(standings)
    for draft in drafts:
        mine = standings[draft.commodity][draft.owner]
        whole = Draft(
            mine["issued"].id,
            mine["available"].id,
            draft.amount,
            draft.key,
            "credit",
            draft.about,
            draft.memo,
            expires_at=draft.expires_at,
        )
        if draft.key in known:
            first = known[draft.key]
            made[draft.key] = transfers.replayed_parts(session, first, whole, ids(mine))
        else:
            fresh.append((whole, debts.pay_off(draft.owner, draft.commodity, whole)))
    return made | _made(session, fresh, now)


@uncollected()
def post_many(
    session: Session, resolutions: Sequence[Resolution], now: datetime
) -> list[list[Transfer]]:
    """`holds.post` of each, in their order; one hold stands in a set at most once."""
    held = _read(session, resolutions)
    standings = _standings(session, held.values(), ["available"], now)
    made: dict[str, list[Transfer]] = {}
    fresh: list[tuple[Draft, Parts | None]] = []
    debts = _Debts(standings)
    for whole, owner, commodity, before in _resolved(session, resolutions, standings, "post"):
        if before:
            made[whole.key] = before
        else:
            fresh.append((whole, debts.pay_off(owner, commodity, whole)))
    made |= _made(session, fresh, now)
    return [made[each.key] for each in resolutions]


@uncollected()
def void_many(session: Session, resolutions: Sequence[Resolution], now: datetime) -> list[Transfer]:
    """`holds.void` of each, in their order; one hold stands in a set at most once."""
    held = _read(session, resolutions)
    standings = _standings(session, held.values(), [], now)
    made: dict[str, list[Transfer]] = {}
    fresh: list[tuple[Draft, Parts | None]] = []
    for whole, _, _, before in _resolved(session, resolutions, standings, "void"):
        if before:
            made[whole.key] = before
        else:
            fresh.append((whole, None))
    made |= _made(session, fresh, now)
    return [made[each.key][0] for each in resolutions]


class _Debts:
    """What each owner owes while a set is put together."""

    def __init__(self, standings: dict[str, Standings]) -> None:
        self.standings = standings
        self.paid: dict[tuple[str, str], int] = {}

    def pay_off(self, owner: str, commodity: str, whole: Draft) -> Parts | None:
        """The parts of a credit: to the debt first, the rest available; None: all available."""
        mine = self.standings[commodity][owner]
        owed = mine.get("owed")
        if owed is None:
            return None
        before = self.paid.get((owner, commodity), 0)
        debt = min(whole.amount, -owed.posted - before)
        self.paid[owner, commodity] = before + debt
        return [(whole.source, owed.id, debt), (whole.source, whole.target, whole.amount - debt)]


def _owned(
    session: Session,
    things: Collection[CreditDraft] | Collection[Hold],
    kinds: Sequence[str],
    now: datetime,
) -> dict[str, Owned]:
    """The accounts of the owners of `things`, by commodity."""
    owners: dict[str, list[str]] = {}
    for each in things:
        owners.setdefault(each.commodity, []).append(each.owner)
    return {
        commodity: accounts.owned(session, owners[commodity], commodity, kinds, now)
        for commodity in sorted(owners)
    }


def _standings(
    session: Session, things: Collection[Hold], kinds: Sequence[str], now: datetime
) -> dict[str, Standings]:
    owned = _owned(session, things, kinds, now)
    return {commodity: each.standings() for commodity, each in owned.items()}


def _read(session: Session, resolutions: Sequence[Resolution]) -> dict[str, Hold]:
    for each in resolutions:
        refusals.check_key(each.key)
        if each.amount is not None:
            refusals.check_amount(each.amount)
    return holds.read_many(session, [each.hold_id for each in resolutions])


def _resolved(
    session: Session,
    resolutions: Sequence[Resolution],
    standings: dict[str, Standings],
    kind: str,
) -> list[tuple[Draft, str, str, list[Transfer]]]:
    """Each request with its amount, its owner, and what it made before, if anything.

    Holds are read again: their owners' balances are locked now.
    """
    held = holds.read_many(session, [each.hold_id for each in resolutions])
    known = posting.read_keys(session, [each.key for each in resolutions])
    found: list[tuple[Draft, str, str, list[Transfer]]] = []
    for each in _once(resolutions).values():
        hold = held[each.hold_id]
        mine = standings[hold.commodity][hold.owner]
        whole = Draft(
            hold.account,
            mine["available"].id if kind == "post" else hold.source,
            each.amount or hold.left,
            each.key,
            kind,
            each.about,
            each.memo,
            resolves=hold.id,
            expires_at=hold.expires_at if kind == "post" else None,
        )
        before: list[Transfer] = []
        if each.key in known:
            first = known[each.key]
            parts = transfers.linked_to(session, first)
            whole = replace(whole, amount=each.amount or sum(part.amount for part in parts))
            before = transfers.replayed_parts(
                session, first, whole, ids(mine) | {hold.account, hold.source}
            )
        elif not hold.left or whole.amount > hold.left:
            raise refusals.refused("ledger_resolved" if each.amount else "ledger_settled")
        found.append((whole, hold.owner, hold.commodity, before))
    return found


def _once(asked: Sequence[AnyDraft]) -> dict[str, AnyDraft]:
    """The requests by key; Refused when one key stands for two different ones."""
    found = {each.key: each for each in asked}
    if len(found) < len(asked):
        for each in asked:
            if each != found[each.key]:
                raise refusals.conflict(each.key, "request")
    return found


def _made(
    session: Session, fresh: Sequence[tuple[Draft, Parts | None]], now: datetime
) -> dict[str, list[Transfer]]:
    """Make what was never made, by key."""
    parts = transfers.make_parts_many(session, fresh, now)
    return {whole.key: made for (whole, _), made in zip(fresh, parts, strict=True)}
