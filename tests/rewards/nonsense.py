"""What nobody means, and what browsers would send of a page's form."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

#: Texts for any field: none, numbers that are none or too much, days that never were, currencies of
#: nobody, signs nobody sees, signs no column holds, texts without end.
TEXTS = (
    "",
    "   ",
    "-1",
    "NaN",
    "1e9",
    str(10**30),
    str(2**63 - 1),
    "9" * 5_000,
    "５",
    "1,5",
    "1.000",
    "²",
    "\u202e51\u202c",
    "\u200b",
    "👩‍👩‍👧‍👦 a\u0301",
    "a\x01\x1b[31m\x0bb",
    "a\r\nb",
    "x" * 100_000,
    "<b>&amp;</b>\"'></textarea>",
    "%(num)s %s {0}",
    "http://[",
    "0000-01-01",
    "9999-12-31",
    "2027-02-29",
    "2027-01-01T00:00:00+14:00",
    "XXX",
    "JPY",
    "no-such-choice",
)
#: What JSON can say in the place of a value, as it is written.
VALUES = (
    "null",
    "true",
    "-1",
    "0",
    "1.5",
    "1E400",
    str(2**63),
    "9" * 5_000,
    "[]",
    '["a"]',
    "{}",
    '""',
    '"  "',
    '"\\u0000"',
    '"\\ud800"',
    '"\\u202e1"',
    '"１"',
    '"1,5"',
    '"http://["',
    '"a@b@c"',
    '"' + "x" * 2_000 + '"',
)


@dataclass
class Sent:
    """A form of a page: what a browser would send of it, and which of its fields are typed into."""

    values: dict[str, list[str]] = field(default_factory=dict)
    typed: set[str] = field(default_factory=set)
    boxes: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    def __init__(self, page: str, action: str) -> None:
        super().__init__()
        self.found: Sent | None = None
        self._page, self._action = page, action
        self._form: Sent | None = None
        self._area = self._choice = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        a = {name: value or "" for name, value in attrs}
        if tag == "form" and (a.get("action") or self._page).partition("?")[0] == self._action:
            self._form = Sent() if a.get("method") == "post" else None
        name = a.get("name", "")
        if self._form is None or not (name or tag == "option"):
            return
        values = self._form.values
        if tag == "input":
            kind = a.get("type", "text")
            if kind in ("checkbox", "radio"):
                self._form.boxes.add(name)
                if "checked" in a:
                    values.setdefault(name, []).append(a.get("value", "on"))
            elif kind not in ("file", "submit"):
                values.setdefault(name, []).append(a.get("value", ""))
                if kind != "hidden":
                    self._form.typed.add(name)
        elif tag == "textarea":
            self._area, values[name] = name, [""]
            self._form.typed.add(name)
        elif tag == "select":
            self._choice = name
            self._form.boxes.add(name)
        elif tag == "option" and self._choice:
            known = values.setdefault(self._choice, [])
            if "selected" in a or not known:
                values[self._choice] = [a.get("value", "")]

    def handle_data(self, data: str) -> None:
        if self._area and self._form is not None:
            self._form.values[self._area][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area and self._form is not None:
            text = self._form.values[self._area][0]
            self._form.values[self._area] = [text.removeprefix("\r").removeprefix("\n")]
            self._area = ""
        elif tag == "select":
            self._choice = ""
        elif tag == "form" and self._form is not None:
            self.found, self._form = self.found or self._form, None


def form_on(html: str, page: str, action: str) -> Sent | None:
    """The form of a page (at `page`) that is sent to `action`."""
    reader = _Reader(page, action)
    reader.feed(html)
    reader.close()
    return reader.found
