"""What surrounds a member's page: her name, her counts, her forms' token.

A shell costs more than all the rest of a cached page, so it is kept: under everything of hers that
it shows, so that nobody else can get it. The fragment, the address and the token are holes in it,
filled for each answer.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import quote

from flask import g, render_template
from markupsafe import Markup

from foundation import words
from foundation.web.fragments import TOKEN_HOLE, Fragment, Kept, Shelf

_MARK = secrets.token_hex(16)
#: Stands where an address goes that leads back to the page.
PATH_HOLE = Markup(f"<path-{_MARK}>")  # noqa: S704 - hexadecimal
NAMES = tuple(field.name for field in fields(Fragment))
HOLES = Fragment(*(Markup(f"<{name}-{_MARK}>") for name in NAMES))  # noqa: S704 - hexadecimal
_HOLE = re.compile(f"<({'|'.join((*NAMES, 'path'))})-{_MARK}>")

#: The parts of the site that the main navigation marks.
SECTIONS = ("/products", "/clubs", "/reviews", "/how-rewards-work")

shells = Shelf(2_000)


@dataclass(frozen=True)
class MemberShell:
    """A rendered shell: text and names of holes in turns."""

    parts: tuple[str, ...]

    def around(self, fragment: Fragment, address: str, token: str) -> str:
        """The whole page; `address` is its path and query."""
        inside = {name: getattr(fragment, name) for name in NAMES}
        inside["path"] = quote(address)
        parts = (inside[part] if n % 2 else part for n, part in enumerate(self.parts))
        return "".join(parts).replace(TOKEN_HOLE, token)


def section(path: str) -> str:
    """The part of the site a page belongs to, empty for none."""
    return next((each for each in SECTIONS if path.startswith(each)), "")


def find(who: Any, language: str, path: str) -> MemberShell | None:
    """The shell that was kept for exactly this."""
    kept = shells.peek(_name(who, language, path))
    return kept.thing if kept else None


def make(who: Any, path: str) -> MemberShell:
    """Render the shell of this request's reader, and keep it."""
    g.holes_wanted = True
    try:
        html = render_template("fragment_page", fragment=HOLES)
    finally:
        g.holes_wanted = False  # an error page holds its own token
    made = MemberShell(tuple(_HOLE.split(html)))
    shells.keep(_name(who, words.language(), path), Kept((), (), made))
    return made


def _name(who: Any, language: str, path: str) -> tuple[Any, ...]:
    return (*who.shown, language, section(path))
