"""What the clubs tell people, in words."""

from __future__ import annotations

import pytest

from community.notices import NOTICES
from foundation import words
from notifications import rendering
from notifications.notices import Notice


@pytest.mark.parametrize("language", list(words.LANGUAGES))
@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: notice.kind)
def test_every_notice_has_words(notice: Notice, language: str) -> None:
    with words.use_language(language):
        said = rendering.words_of(notice.kind, notice.example, name="Ada", site_name="Tea")
    assert said.subject
    assert said.paragraphs
    assert said.action


def test_the_statement_of_reasons_names_reason_person_and_remedy() -> None:
    [folded] = [notice for notice in NOTICES if notice.kind == "post.folded"]
    said = rendering.words_of(folded.kind, folded.example, name="Ada", site_name="Tea")
    text = " ".join(said.paragraphs)
    for part in ("Off topic", "Mo says: The topic is kettles.", "appeal within six months"):
        assert part in text
