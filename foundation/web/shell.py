"""The shell around every page: who reads, in which language, with which counts and messages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import quote

from flask import g, get_flashed_messages, request

from foundation import words
from foundation.web import fragments, member_shells
from foundation.web.member_shells import PATH_HOLE
from foundation.web.pages import form_token
from foundation.web.reader import reader


class Shell:
    """What layout.html needs."""

    def __init__(self, site_name: str) -> None:
        self.site_name = site_name
        self.language = words.language()
        self.languages = list(words.LANGUAGES.items())

    @cached_property
    def viewer(self) -> Any:
        return reader()

    @cached_property
    def path(self) -> str:
        environ = request.environ
        return fragments.address(environ["PATH_INFO"], environ.get("QUERY_STRING", ""))

    @property
    def back(self) -> str:
        """The page's address inside another one's query."""
        return PATH_HOLE if getattr(g, "holes_wanted", False) else quote(self.path)

    @property
    def section(self) -> str:
        return member_shells.section(request.environ["PATH_INFO"])

    @cached_property
    def flashes(self) -> list[tuple[str, str]]:
        if "session" not in request.cookies:
            return []
        return get_flashed_messages(with_categories=True)  # type: ignore[return-value]

    @property
    def csrf(self) -> str:
        return form_token() if self.viewer else ""

    @property
    def unread(self) -> int:
        return self._count("unread") or 0

    @property
    def points(self) -> int | None:
        return self._count("points")

    def _count(self, name: str) -> int | None:
        counts: Mapping[str, int] = self.viewer.counts if self.viewer else {}
        return counts.get(name)
