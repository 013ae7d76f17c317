"""Whether units may be granted at all, and where: what counsel approved, as the settings say.

Closed unless opened: without a counsel's name and date, or outside the countries named, a seat
comes without units.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from babel import Locale

from foundation import words
from foundation.refusal import Refused

#: All countries, in the setting of those allowed.
EVERYWHERE = "*"
#: The names of the settings, for sentences that say what to do.
COUNSEL = "BELLMOUTH_EQUITY_COUNSEL"
COUNTRIES = "BELLMOUTH_EQUITY_COUNTRIES"


@dataclass(frozen=True)
class Gate:
    """`counsel` is "Name, 2026-01-31", or empty. Countries are ISO 3166-1, two letters."""

    counsel: str
    allowed: frozenset[str]
    blocked: frozenset[str]

    @property
    def is_open(self) -> bool:
        """Whether units can be granted somewhere."""
        return bool(self.counsel) and bool(self.allowed)

    def lets_in(self, country: str) -> bool:
        """Whether units can be granted to somebody in `country`; what is blocked is blocked."""
        is_named = EVERYWHERE in self.allowed or country in self.allowed
        return self.is_open and is_named and country not in self.blocked


def gate(counsel: str, allowed: str, blocked: str) -> Gate:
    """The gate that the settings describe."""
    return Gate(counsel.strip(), frozenset(codes(allowed)), frozenset(codes(blocked)))


def codes(text: str) -> list[str]:
    """Country codes out of a list with commas; the settings have looked at their form."""
    return [each.strip().upper() for each in text.split(",") if each.strip()]


def refuse_units_without_counsel(gate: Gate) -> None:
    """Refused unless counsel approved units."""
    if not gate.is_open:
        raise Refused(
            "Units need the counsel who approved the agreement, and the countries it was approved"
            " for: set %(counsel)s and %(countries)s. Until then invite to the seat alone.",
            code="no_counsel",
            field="units",
            counsel=COUNSEL,
            countries=COUNTRIES,
        )


def countries(language: str) -> Sequence[tuple[str, str]]:
    """Code and name of every country, by name."""
    names = words.locale(language).territories
    return sorted(
        ((code, str(name)) for code, name in names.items() if is_country(code)),
        key=lambda each: _plain(each[1]),
    )


def _plain(name: str) -> str:
    """A name without its accents, so that Åland stands with A."""
    letters = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def is_country(code: str) -> bool:
    """Whether `code` is a country of two letters, as far as the languages' own data know."""
    known = Locale.parse("en").territories
    return bool(re.fullmatch(r"[A-Z]{2}", code)) and code in known and code not in NO_COUNTRIES


#: Two letters that name no country: unions, outlying places without people, unknown ones; and parts
#: of a country that ISO 3166-1 only reserves, through which nobody shall slip past a block of it.
NO_COUNTRIES = frozenset(("EU", "EZ", "UN", "QO", "XA", "XB", "ZZ")) | frozenset(
    ("AC", "CP", "CQ", "DG", "EA", "IC", "TA")
)
