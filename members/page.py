"""Places that other rooms fill: cards on a member's own page, sections on her public one.

app.py wires them, so that this room knows none of those above it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Card:
    """A piece of a page: a template and what it needs."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)


#: What a room shows a member about herself; None for nothing to show.
Show = Callable[[str], Card | None]

#: Cards of /me, in this order.
CARDS: list[Show] = []

#: Sections of /members/<handle>, in this order; they are public.
SECTIONS: list[Show] = []


def shown(places: list[Show], member_id: str) -> list[Card]:
    """What the rooms have to show of one member."""
    return [card for show in places if (card := show(member_id)) is not None]
