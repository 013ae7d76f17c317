"""Every sentence exists in every language, with the same placeholders."""

from __future__ import annotations

import re

import pytest

from foundation import catalogues, words

PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%%")
OTHERS = [code for code in words.LANGUAGES if code != words.DEFAULT]


@pytest.mark.parametrize("code", OTHERS)
def test_no_sentence_is_missing(code: str) -> None:
    known = catalogues.read(code)
    wanted = [message.id for message in catalogues.sentences() if message.id]
    missing = [
        each
        for each in wanted
        if (found := known.get(each[0] if isinstance(each, tuple) else each)) is None
        or not found.string
        or not all(found.string)
    ]
    assert not missing, (
        f"{len(missing)} missing; run ./bellmouth words, then translate: {missing[:8]}"
    )
    assert len(wanted) > 300


@pytest.mark.parametrize("code", OTHERS)
def test_translations_keep_the_placeholders(code: str) -> None:
    wrong = []
    for message in catalogues.read(code):
        originals = [message.id] if isinstance(message.id, str) else list(message.id)
        texts = [message.string] if isinstance(message.string, str) else list(message.string)
        allowed = {name for original in originals for name in PLACEHOLDER.findall(original)}
        for text in filter(None, texts):
            used = set(PLACEHOLDER.findall(text))
            if message.id and (not used <= allowed or (len(originals) == 1 and used != allowed)):
                wrong.append((message.id, text))
    assert not wrong, wrong[:5]


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh_Hant"),
        ("zh-HK", "zh_Hant"),
        ("zh-Hant-TW", "zh_Hant"),
        ("zh-CN,zh;q=0.9", "zh_Hans"),
        ("zh", "zh_Hans"),
        ("de-DE,de;q=0.9,zh-TW;q=0.5,en;q=0.4", "zh_Hant"),
        ("en-GB,en;q=0.9,zh;q=0.1", "en"),
        ("fr", "en"),
        ("", "en"),
        (";;q=x,,", "en"),
        ("zh;q=0", "en"),
    ],
)
def test_the_browser_is_answered_in_its_language(header: str, code: str) -> None:
    assert words.negotiate(header) == code
