"""Notices: the kinds of things that people are told.

The words of the notice `order.paid` stand in templates/notices/order_paid.html, in three blocks:
`subject` (one line), `body` (plain paragraphs with an empty line between them) and `action` (the
label of the button that leads to the link). They see the notice's params, `member.name` and
`site_name`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from members.consents import Category


@dataclass(frozen=True)
class Notice:
    """One kind of thing to tell. `example` are believable params, for previews and tests."""

    kind: str
    category: Category
    example: Mapping[str, Any] = field(default_factory=dict)

    @property
    def template(self) -> str:
        return template_of(self.kind)


def template_of(kind: str) -> str:
    """Where the words of `kind` stand."""
    return f"notices/{kind.replace('.', '_')}.html"


#: Letters that the room of members writes (members/letters.py); it lies below this one.
NOTICES = (
    Notice("member.join", "account", {"minutes": 60}),
    Notice("member.known", "account"),
    Notice("member.reset", "account", {"minutes": 60}),
    Notice("member.move", "account", {"minutes": 60}),
    Notice("member.moved", "account", {"new_email": "ada.new@example.com"}),
    Notice("member.password_changed", "account"),
    Notice("member.role_granted", "account", {"role": "moderator"}),
)

_known: dict[str, Notice] = {notice.kind: notice for notice in NOTICES}


def know(notices: Iterable[Notice]) -> None:
    """Take the notices of all rooms (app.py gathers them), for previews and the settings page."""
    _known.update({notice.kind: notice for notice in notices})


def known() -> Mapping[str, Notice]:
    """Every notice by kind, in the order of kinds."""
    return dict(sorted(_known.items()))
