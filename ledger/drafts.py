"""A transfer about to be made, and one that was; and how a single one is bound to a statement."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from itertools import repeat
from operator import attrgetter
from typing import Any


# Neither of the two is frozen, and nobody changes them: setting a frozen field takes three times as
# long, which is a thirtieth of a transfer.
@dataclass(slots=True)
class Draft:
    """A transfer about to be made; `key` makes it happen once.

    `expires_at`: what it makes available (or holds, to be made available later) expires then; None:
    never. `takes`: the credit or hold whose own units this takes first, before the soonest expiry.
    """

    source: int
    target: int
    amount: int
    key: str
    kind: str
    about: str | None = None
    memo: Mapping[str, Any] | None = None
    until: datetime | None = None
    resolves: str | None = None
    reverses: str | None = None
    linked: str | None = None
    expires_at: datetime | None = None
    takes: str | None = None


@dataclass(slots=True)
class Transfer:
    """One movement of `amount` units of `commodity` from account `source` to account `target`.

    `replayed` tells that the transfer had been made before and this call did nothing.
    """

    id: str
    key: str
    source: int
    target: int
    commodity: str
    amount: int
    kind: str
    about: str | None
    memo: Mapping[str, Any] | None
    at: datetime
    until: datetime | None = None
    resolves: str | None = None
    reverses: str | None = None
    linked: str | None = None
    expires_at: datetime | None = None
    takes: str | None = None
    replayed: bool = field(default=False, compare=False)


#: Transfers about to be made, by the fields of `Draft`. A column of which no row says anything may
#: be missing. A set of a hundred thousand takes a sixth less time than by drafts.
Columns = dict[str, Sequence[Any]]

SAID = tuple(each.name for each in fields(Draft))
MADE = tuple(each.name for each in fields(Transfer) if each.name != "replayed")
_said = attrgetter(*SAID)
#: What a single transfer binds, in this order.
BOUND = (
    *("id", "key", "source", "target", "amount", "kind", "about", "memo", "at", "until"),
    *("resolves", "reverses", "linked", "expires_at", "takes"),
)


def numbered(statement: str, names: Sequence[str], named: str, sign: str) -> str:
    """Placeholders by name as the database counts them: `named` is how one is written, `sign` what
    stands before its number."""
    for place, name in enumerate(names, 1):
        statement = re.sub(re.escape(named.format(name)) + r"\b", f"{sign}{place}", statement)
    return statement


def columns_of(drafts: Sequence[Draft]) -> Columns:
    """What the drafts say, by column."""
    return dict(zip(SAID, zip(*map(_said, drafts), strict=True), strict=True))


def drafts_of(columns: Columns) -> list[Draft]:
    """The drafts that these columns say."""
    return [
        Draft(**dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)
    ]


def transfers_of(
    columns: Columns, ids: Sequence[str], commodities: Sequence[str], now: datetime
) -> list[Transfer]:
    """The transfers that became of these columns, by place: naming sixteen values takes as long
    again as keeping them."""
    said: dict[str, Any] = {name: columns.get(name) or repeat(None) for name in SAID}
    said |= {"id": ids, "commodity": commodities, "at": repeat(now)}
    return list(map(Transfer, *(said[name] for name in MADE)))


def memo_of(memo: Mapping[str, Any] | None) -> str | None:
    """A memo as JSON."""
    return None if memo is None else json.dumps(memo, allow_nan=False)
