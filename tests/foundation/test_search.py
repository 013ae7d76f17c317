"""Search finds two-character Chinese words, accents or not, on both back ends alike."""

from __future__ import annotations

from datetime import datetime

import pytest

from foundation import search
from foundation.doors import Database, reading, writing

TEXTS = {
    "en": ("A café in Hangzhou", "We drank Longjing; payouts came late."),
    "hans": ("退款太慢", "推荐奖励已经到账，积分可以换茶叶。"),
    "hant": ("搜尋很好用", "推薦朋友喝烏龍茶。"),
    "ja": ("抹茶ラテ", "おいしい抹茶です。"),
}


@pytest.fixture
def texts(database: Database, now: datetime) -> None:
    with writing() as session:
        for ref, (title, body) in TEXTS.items():
            search.index(session, "post", ref, title, body, now)


def found(query: str, **more: object) -> set[str]:
    with reading() as session:
        return {hit.ref for hit in search.find(session, query, **more)}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "refs"),
    [
        ("退款", {"hans"}),
        ("积分", {"hans"}),
        ("推荐奖励", {"hans"}),
        ("搜尋", {"hant"}),
        ("茶", {"hans", "hant", "ja"}),
        ("cafe", {"en"}),
        ("café LONGJING", {"en"}),
        ("pay", {"en"}),
        ("抹茶", {"ja"}),
        ("奖推", set()),
        ("nothing", set()),
        ("", set()),
        ("'); drop table search_document; --", set()),
        ('"', set()),
        ("a:* & !b", set()),
    ],
)
def test_it_finds(texts: None, query: str, refs: set[str]) -> None:
    assert found(query) == refs


def test_a_text_indexed_again_is_found_by_its_new_words_only(texts: None, now: datetime) -> None:
    with writing() as session:
        search.index(session, "post", "en", "Now about oolong", "", now)
    assert found("oolong") == {"en"}
    assert found("cafe") == set()


def test_a_forgotten_text_is_not_found(texts: None) -> None:
    with writing() as session:
        search.forget(session, "post", "hans")
    assert found("退款") == set()


def test_kinds_narrow_the_search(texts: None) -> None:
    assert found("茶", kinds=["review"]) == set()
    assert found("茶", kinds=["post"]) == {"hans", "hant", "ja"}
