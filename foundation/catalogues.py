"""Message catalogues: finding every sentence in code and templates, and keeping the .po files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from foundation.words import CATALOGUES, DEFAULT, LANGUAGES

HOUSE = Path(__file__).parent.parent
METHODS = [("**.py", "python"), ("templates/**.*", "jinja2.ext:babel_extract")]
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "plural": (1, 2),
    "lazy": None,
    "Refused": None,
    "_refused": None,
    "Summary": None,
    "sentence": None,
    "objection": (2,),
    "_objection": (2,),
}
#: Rooms speak; tests, tools and the demo's people do not.
SILENT = {"tests", "demo", "benchmarks", "migrations", "translations", "docs", "data"}


def sentences() -> Catalog:
    """Every message of the house, with where it stands."""
    catalogue = Catalog(project="Bellmouth", charset="utf-8", fuzzy=False)
    for filename, line, message, comments, context in _found():
        catalogue.add(message, None, [(filename, line)], auto_comments=comments, context=context)
    return catalogue


def _found() -> Iterator[tuple[str, int, str | tuple[str, ...], list[str], str | None]]:
    def is_ours(folder: str | Path) -> bool:
        place = Path(folder).relative_to(HOUSE)
        return not place.name.startswith(".") and place.as_posix() not in SILENT

    yield from extract_from_dir(
        HOUSE,
        method_map=METHODS,
        options_map={"templates/**.*": {"silent": "false", "newstyle_gettext": "true"}},
        keywords=KEYWORDS,
        directory_filter=is_ours,
    )


def path_of(code: str) -> Path:
    """Where the catalogue of a language stands."""
    return CATALOGUES / code / "LC_MESSAGES" / "messages.po"


def read(code: str) -> Catalog:
    """A language's catalogue; empty when there is none yet."""
    path = path_of(code)
    if not path.exists():
        return Catalog(locale=code, project="Bellmouth", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=code)


def update() -> dict[str, int]:
    """Add new sentences to every catalogue, drop those gone; language to sentences untranslated."""
    template = sentences()
    missing = {}
    for code in LANGUAGES:
        if code == DEFAULT:
            continue
        catalogue = read(code)
        catalogue.update(template, no_fuzzy_matching=True, update_creation_date=False)
        catalogue.obsolete.clear()
        write(code, catalogue)
        missing[code] = len(untranslated(catalogue))
    return missing


def write(code: str, catalogue: Catalog) -> None:
    """Keep a catalogue without line numbers, so that moving code does not change it."""
    path = path_of(code)
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue.header_comment = f"# Bellmouth in {LANGUAGES[code]}"
    file = io.BytesIO()
    write_po(file, catalogue, width=100, no_location=True, sort_output=True, omit_header=False)
    path.write_bytes(file.getvalue())


def untranslated(catalogue: Catalog) -> list[str]:
    """Message ids without a complete translation."""
    return [
        message.id if isinstance(message.id, str) else message.id[0]
        for message in catalogue
        if message.id and not _is_complete(message.string)
    ]


def _is_complete(text: str | tuple[str, ...] | list[str] | None) -> bool:
    return all(text) if isinstance(text, (tuple, list)) else bool(text)
