"""A transfer about to be made, and one that was; and how a single one is bound to a statement."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
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


SAID = tuple(each.name for each in fields(Draft))
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


def columns_of(drafts: Sequence[Draft]) -> dict[str, Sequence[Any]]:
    """What the drafts say, by column; memos as JSON."""
    columns: dict[str, Sequence[Any]] = dict(
        zip(SAID, zip(*map(_said, drafts), strict=True), strict=True)
    )
    return columns | {"memo": [memo_of(each) for each in drafts]}


def memo_of(draft: Draft) -> str | None:
    """The memo as JSON."""
    return None if draft.memo is None else json.dumps(draft.memo, allow_nan=False)
