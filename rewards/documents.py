"""What every part of the programme's document is made of. Pure.

A capability writes its own parts in a file of its own on top of these, and `rules.Programme` holds
them; a new field has a default, so that what was stored before it still loads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

#: The commodity that most rules give. Store credit is counted in the code of its currency.
POINTS = "points"
#: What a rule that gives vouchers is counted in; they stand in no account of the ledger.
VOUCHER = "voucher"

#: Text by language code; English is required, the others fall back to it.
Texts = dict[str, str]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
#: Also of the rules that cards and welcome vouchers write, whose keys are a little longer.
RuleKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,59}$")]
Amount = Annotated[int, Field(ge=0, le=1_000_000)]


class Document(BaseModel):
    """A part of the programme; frozen, and strangers' fields are refused rather than ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class Objection:
    """What is wrong, where (`tiers-1-standing_min`, as the form names it), and what to do."""

    field: str
    sentence: str
    params: Mapping[str, Any]


def objection(field: str, sentence: str, **params: Any) -> Objection:
    """An objection; its sentence is translated where it is shown."""
    return Objection(field, sentence, params)


class Named(Protocol):
    """A part that stands in a list of the programme."""

    @property
    def key(self) -> str: ...

    @property
    def name(self) -> Mapping[str, str]: ...


def about_names(part: str, entries: Sequence[Named]) -> Iterator[Objection]:
    """What is wrong with the names and keys of the programme's list `part`."""
    seen: set[str] = set()
    for number, entry in enumerate(entries):
        if not entry.name.get("en", "").strip():
            yield objection(f"{part}-{number}-name_en", "Give it a name in English.")
        if entry.key in seen:
            yield objection(
                f"{part}-{number}-key",
                "“%(key)s” is used twice here. Every row needs its own key.",
                key=entry.key,
            )
        seen.add(entry.key)
