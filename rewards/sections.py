"""The sections of the draft's editor: the pages among which an owner moves while he changes it.

Each section has a form of its own (`row_forms.SectionForm`), changes only its own part of the draft
(`draft.rules.model_copy(update={...})`), and keeps it with `drafting.change`, which notices by the
draft's revision when two people edit at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from foundation.words import lazy


@dataclass(frozen=True)
class Section:
    """One page of the editor."""

    path: str
    label: Any  # a lazy string


#: A new section gets its line here and its page at that path; templates/rewards/parts.html draws
#: them (`draft_sections(path)`).
SECTIONS: Sequence[Section] = (
    Section("/programme/draft", lazy("Rules")),
    Section("/programme/draft/standing", lazy("Standing and tiers")),
    Section("/programme/draft/catalogue", lazy("What points buy")),
    Section("/programme/draft/perks", lazy("Perks")),
    Section("/programme/draft/budgets", lazy("Budgets")),
)
