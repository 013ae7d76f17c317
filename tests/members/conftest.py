"""What the letters of a test say, without a mail server."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest

from foundation import clock, worker
from foundation.mail import Letter
from notifications import delivering


@dataclass
class Postbox:
    """Letters sent so far; `empty()` lets the worker send what waits and gives the newest."""

    letters: list[Letter] = field(default_factory=list)

    def empty(self) -> Letter | None:
        before = len(self.letters)
        worker.run_once(clock.now())
        return self.letters[-1] if len(self.letters) > before else None

    def link(self) -> str:
        """The path of the newest letter's button."""
        letter = self.empty() or self.letters[-1]
        found = re.search(r"http://localhost(/\S+)", letter.text)
        assert found, letter.text
        return found[1]


@pytest.fixture
def postbox(monkeypatch: pytest.MonkeyPatch) -> Postbox:
    box = Postbox()

    def send(letter: Letter, **settings: Any) -> None:
        box.letters.append(letter)

    monkeypatch.setattr(delivering.mail, "send", send)
    return box
