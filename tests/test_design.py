"""The look, as far as it can be counted: contrast of every pair of tokens, icons that exist."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

HERE = Path(__file__).parent.parent
TOKENS = {
    found[1]: (found[2], found[3])
    for found in re.finditer(
        r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", (HERE / "static/css/tokens.css").read_text()
    )
}
GROUNDS = ("paper", "sheet", "well", "field", "teal-wash", "brass-wash")
TONES = ("good", "warn", "bad", "info", "brass")
#: WCAG 2.2: 4.5 for text (1.4.3), 3 for what shows where a control is (1.4.11).
PAIRS = [
    *((text, ground, 4.5) for text in ("ink", "ink-2", "ink-3", "teal") for ground in GROUNDS),
    *((text, f"{tone}-wash", 4.5) for tone in TONES for text in ("ink", tone)),
    *((tone, ground, 4.5) for tone in TONES for ground in ("paper", "sheet", "well")),
    *(("on-teal", ground, 4.5) for ground in ("teal-fill", "teal-fill-hover")),
    *((line, ground, 3) for line in ("line-strong", "focus", "star") for ground in GROUNDS[:2]),
    ("brass-fill", "paper", 3),
    ("brass-fill", "sheet", 3),
]


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_can_be_read_on_its_ground(theme: str) -> None:
    side = ("light", "dark").index(theme)
    weak = {
        f"{text} on {ground}": round(contrast(TOKENS[text][side], TOKENS[ground][side]), 2)
        for text, ground, least in PAIRS
        if contrast(TOKENS[text][side], TOKENS[ground][side]) < least
    }
    assert weak == {}


def test_no_rule_uses_a_token_that_does_not_exist() -> None:
    sheets = [path.read_text() for path in (HERE / "static/css").glob("*.css")]
    defined = {name for sheet in sheets for name in re.findall(r"(--[\w-]+)\s*:", sheet)}
    used = {name for sheet in sheets for name in re.findall(r"var\((--[\w-]+)", sheet)}
    assert used - defined == set()


def test_every_icon_that_a_page_names_is_drawn() -> None:
    sprite = ElementTree.parse(HERE / "static/icons.svg")
    drawn = {symbol.get("id") for symbol in sprite.iter("{http://www.w3.org/2000/svg}symbol")}
    pages = [path.read_text() for path in (HERE / "templates").rglob("*.html")]
    named = {name for page in pages for name in re.findall(r"icons\.svg#([\w-]+)", page)}
    named |= {name for page in pages for name in re.findall(r"\bicon\('([\w-]+)'\)", page)}
    named |= {name for page in pages for name in re.findall(r"\bicon='([\w-]+)'", page)}
    assert named - drawn == set()


def test_no_page_carries_inline_style_or_script() -> None:
    # A data block (JSON-LD) is never executed; browsers do not hold the policy against it.
    script = r"<script(?! type=\"application/ld\+json\">|[^>]*\ssrc=)"
    pattern = re.compile(r"\sstyle=|<style|\son[a-z]+=\"|" + script)
    offenders = {
        str(path.relative_to(HERE))
        for path in (HERE / "templates").rglob("*.html")
        if pattern.search(re.sub(r"{#.*?#}", "", path.read_text(), flags=re.S))
    }
    assert offenders == set()
