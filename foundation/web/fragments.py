"""Public pages without their shell, and the shelves they are kept on.

A *fragment* (title, description, head, content) is the same for everybody of one language and
audience. What belongs to one reader never enters it: a form's token is a hole that her shell fills.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any

from markupsafe import Markup

from foundation import versions

#: Stands in a fragment where each reader's own form token goes. Nobody can write it into a text: it
#: is a tag, and nobody knows its number. Else he would find each reader's token there, in an
#: address that leads to a site of his.
TOKEN_HOLE = Markup(f"<form-token-{secrets.token_hex(16)}>")  # noqa: S704 - hexadecimal


@dataclass(frozen=True)
class Fragment:
    """A public page without its shell."""

    title: Markup
    description: Markup
    head: Markup
    content: Markup


@dataclass(frozen=True)
class Kept:
    """Something rendered, and the versions it was rendered from."""

    keys: tuple[str, ...]
    stamp: tuple[int, ...]
    thing: Any


class Shelf:
    """The most recently used kept things of one process."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[Any, Kept] = OrderedDict()
        self._lock = Lock()

    def fresh(self, name: Any) -> Kept | None:
        """What is kept under `name` if nothing it was made of has changed since, else None."""
        kept = self._kept.get(name)
        return kept if kept is not None and versions.stamp(kept.keys) == kept.stamp else None

    def peek(self, name: Any) -> Kept | None:
        """What is kept under `name`, fresh or not: for callers that compare stamps themselves."""
        return self._kept.get(name)

    def keep(self, name: Any, kept: Kept) -> None:
        with self._lock:
            self._kept[name] = kept
            self._kept.move_to_end(name)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)


#: Under path and query, language and audience.
shelf = Shelf(2_000)


def name(path: str, query: str, language: str, audience: str) -> tuple[str, ...]:
    """What a fragment is kept under; `path` and `query` as WSGI has them."""
    return (path, query, language, audience)


def address(path: str, query: str) -> str:
    """Path and query as a person reads them, from what WSGI has (PEP 3333: bytes as Latin-1)."""
    whole = f"{path}?{query}" if query else path
    return whole.encode("latin-1").decode("utf-8", "replace")
