"""The shell around every page: who reads, in which language, with which counts and messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from flask import get_flashed_messages, request

from foundation import words
from foundation.web.pages import form_token
from foundation.web.reader import reader

#: Name in the header to how it is counted for a member; app.py wires it.
Counts = Mapping[str, Callable[[str], int]]


class Shell:
    """What layout.html needs; counted only when the layout asks."""

    def __init__(self, site_name: str, counts: Counts) -> None:
        self.site_name = site_name
        self.language = words.language()
        self.languages = list(words.LANGUAGES.items())
        self._counts = counts

    @cached_property
    def viewer(self) -> Any:
        return reader()

    @cached_property
    def path(self) -> str:
        return request.full_path.rstrip("?")

    @cached_property
    def flashes(self) -> list[tuple[str, str]]:
        if "session" not in request.cookies:
            return []
        return get_flashed_messages(with_categories=True)  # type: ignore[return-value]

    @property
    def csrf(self) -> str:
        return form_token() if self.viewer else ""

    @cached_property
    def unread(self) -> int:
        return self._count("unread")

    @cached_property
    def points(self) -> int | None:
        return self._count("points") if "points" in self._counts else None

    @property
    def shows(self) -> tuple[Any, ...]:
        """Everything the layout shows of a member, as a name to keep her page under."""
        who = self.viewer
        return (who.id, who.name, who.handle, who.role, who.time_zone, self.unread, self.points)

    def _count(self, name: str) -> int:
        count = self._counts.get(name)
        return count(self.viewer.id) if count and self.viewer else 0
