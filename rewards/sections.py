"""The sections of the draft's editor: the pages among which an owner moves while he changes it.

To add one, `stamps` say:

1. `rewards/stamps/rules.py`: its part of the document; a field with a default on `rules.Programme`
   (old versions must still load), and what is wrong with it in `rules.objections`.
2. `rewards/stamps/forms.py`: a `RowForm` for a row, and a `SectionForm` whose LISTS name that field
   and whose `of` fills the rows (rewards/perks/forms.py is a short example).
3. `templates/rewards/stamps/draft_stamps.html`: extends `rewards/draft_layout.html` and fills
   `fields`.
4. A line in SECTIONS here, and its GET and POST in tests/test_permissions.py.

Nothing else: `section_views` shows every section and keeps it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from foundation.words import lazy
from rewards.budgets.forms import BudgetsForm
from rewards.cards.forms import CardsForm
from rewards.catalogue.draft_forms import CatalogueForm
from rewards.forms import DraftForm
from rewards.perks.forms import PerksForm
from rewards.row_forms import SectionForm
from rewards.standing.forms import StandingForm
from rewards.topups.draft_forms import TopUpsForm


@dataclass(frozen=True)
class Section:
    """One page of the editor: where it is, what it is called, its form and its template."""

    path: str
    label: Any  # a lazy string
    form: type[SectionForm]
    template: str


SECTIONS: Sequence[Section] = (
    Section("/programme/draft", lazy("Rules"), DraftForm, "rewards/draft.html"),
    Section(
        "/programme/draft/standing",
        lazy("Standing and tiers"),
        StandingForm,
        "rewards/standing/draft_standing.html",
    ),
    Section(
        "/programme/draft/catalogue",
        lazy("What points buy"),
        CatalogueForm,
        "rewards/catalogue/draft_catalogue.html",
    ),
    Section(
        "/programme/draft/cards",
        lazy("Stamp cards"),
        CardsForm,
        "rewards/cards/draft_cards.html",
    ),
    Section(
        "/programme/draft/topups",
        lazy("Top-up offers"),
        TopUpsForm,
        "rewards/topups/draft_topups.html",
    ),
    Section("/programme/draft/perks", lazy("Perks"), PerksForm, "rewards/perks/draft_perks.html"),
    Section(
        "/programme/draft/budgets",
        lazy("Budgets"),
        BudgetsForm,
        "rewards/budgets/draft_budgets.html",
    ),
)
