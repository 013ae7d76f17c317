"""Writing in the clubs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from community import moderation, posting
from community.models import Club, Post, PostEdit, Topic
from foundation import search, versions
from foundation.doors import reading, writing
from foundation.refusal import Refused
from notifications.models import Notification
from tests.community.conftest import Clubhouse
from tests.conftest import NOW

LATER = NOW + timedelta(hours=1)


def told(clubhouse: Clubhouse, kind: str) -> set[str]:
    return set(clubhouse.all(select(Notification.member_id).where(Notification.kind == kind)))


def test_a_topic_appears_at_once_with_its_first_post(
    clubhouse: Clubhouse, recorded: list[Any]
) -> None:
    topic = clubhouse.start(clubhouse.ada, "  Which   kettle? ", "For **gyokuro**.", "question")
    [post] = clubhouse.all(select(Post))
    assert (topic.title, topic.posts, topic.last_post_id) == ("Which kettle?", 1, post.id)
    assert (post.number, post.body_html) == (1, "<p>For <strong>gyokuro</strong>.</p>\n")
    [fact] = recorded
    assert (fact.kind, fact.subject) == ("topic.started", f"topic:{topic.id}")
    assert fact.details == {"board": "tea", "kind": "question"}


def test_replies_are_numbered_and_move_the_topic_up(
    clubhouse: Clubhouse, recorded: list[Any]
) -> None:
    topic = clubhouse.start(clubhouse.ada)
    second = clubhouse.reply(clubhouse.ben, topic, now=LATER)
    third = clubhouse.reply(clubhouse.ada, topic, now=LATER, in_reply_to=2)
    assert (second.number, third.number) == (2, 3)
    [moved] = clubhouse.all(select(Topic))
    assert (moved.posts, moved.last_post_id, moved.last_post_at) == (3, third.id, LATER)
    assert clubhouse.all(select(Post.answers).order_by(Post.number)) == [0, 1, 0]
    [club] = clubhouse.all(select(Club))
    assert (club.topics, club.last_topic_id) == (1, topic.id)
    assert [fact.subject for fact in recorded[1:]] == [f"post:{second.id}", f"post:{third.id}"]


def test_every_writing_verb_touches_the_pages_it_changes(clubhouse: Clubhouse) -> None:
    topic = clubhouse.start(clubhouse.ada)
    keys = [f"topic:{topic.id}", "club:tea", "clubs"]
    before = versions.stamp(keys)
    clubhouse.reply(clubhouse.ben, topic)
    assert all(now > then for now, then in zip(versions.stamp(keys), before, strict=True))


@pytest.mark.parametrize(
    ("title", "body", "kind", "field"),
    [
        ("", "words", "talk", "title"),
        ("x" * 161, "words", "talk", "title"),
        ("title", " \n ", "talk", "body"),
        ("title", "x" * 20_001, "talk", "body"),
        ("title", "words", "advert", "kind"),
    ],
)
def test_bad_input_names_the_field_at_fault(
    clubhouse: Clubhouse, title: str, body: str, kind: str, field: str
) -> None:
    with pytest.raises(Refused) as refused:
        clubhouse.start(clubhouse.ada, title, body, kind)
    assert refused.value.field == field
    assert clubhouse.all(select(Topic)) == []


def test_who_takes_part_hears_of_replies_and_the_writer_does_not(clubhouse: Clubhouse) -> None:
    topic = clubhouse.start(clubhouse.ada)
    clubhouse.reply(clubhouse.ben, topic)
    assert told(clubhouse, "topic.replied") == {clubhouse.ada.id}
    clubhouse.reply(clubhouse.cleo, topic)
    assert told(clubhouse, "topic.replied") == {clubhouse.ada.id, clubhouse.ben.id}


def test_who_stopped_watching_hears_nothing_even_after_writing_again(clubhouse: Clubhouse) -> None:
    topic = clubhouse.start(clubhouse.ada)
    with writing() as session:
        posting.stop_watching(session, topic.id, clubhouse.ada.id, NOW)
    clubhouse.reply(clubhouse.ada, topic)
    clubhouse.reply(clubhouse.ben, topic)
    assert told(clubhouse, "topic.replied") == set()
    with writing() as session:
        posting.watch_again(session, topic.id, clubhouse.ada.id, NOW)
    clubhouse.reply(clubhouse.ben, topic)
    assert told(clubhouse, "topic.replied") == {clubhouse.ada.id}


def test_a_mention_is_told_once_and_not_as_a_reply_too(clubhouse: Clubhouse) -> None:
    topic = clubhouse.start(clubhouse.ada)
    words = f"Ask @{clubhouse.ada.handle} or @{clubhouse.cleo.handle}, not me@{'mo'}.example"
    clubhouse.reply(clubhouse.ben, topic, words)
    assert told(clubhouse, "topic.mentioned") == {clubhouse.ada.id, clubhouse.cleo.id}
    assert told(clubhouse, "topic.replied") == set()


def test_an_edit_keeps_what_was_said_before(clubhouse: Clubhouse) -> None:
    topic = clubhouse.start(clubhouse.ada)
    with writing() as session:
        posting.edit(session, clubhouse.ada, topic.last_post_id, "For *sencha*.", LATER)
    [post] = clubhouse.all(select(Post))
    assert (post.body, post.edited_at) == ("For *sencha*.", LATER)
    assert "<em>sencha</em>" in post.body_html
    assert clubhouse.all(select(PostEdit.body)) == ["For gyokuro."]
    with reading() as session:
        assert [hit.ref for hit in search.find(session, "sencha")] == [topic.id]


def test_nobody_edits_anothers_words_whatever_the_role(clubhouse: Clubhouse) -> None:
    topic = clubhouse.start(clubhouse.ada)
    for other in (clubhouse.ben, clubhouse.mo, clubhouse.sam, clubhouse.olga):
        with pytest.raises(Refused, match="Only its author"), writing() as session:
            posting.edit(session, other, topic.last_post_id, "I praise everything.", NOW)


def test_an_accepted_answer_is_credited_to_who_wrote_it(
    clubhouse: Clubhouse, recorded: list[Any]
) -> None:
    topic = clubhouse.start(clubhouse.ada, kind="question")
    answer = clubhouse.reply(clubhouse.ben, topic)
    with writing() as session:
        posting.accept_answer(session, clubhouse.ada, answer.id, LATER)
    fact = recorded[-1]
    assert (fact.kind, fact.member_id) == ("answer.accepted", clubhouse.ben.id)
    assert told(clubhouse, "answer.accepted") == {clubhouse.ben.id}


def test_accepting_ones_own_answer_is_no_fact(clubhouse: Clubhouse, recorded: list[Any]) -> None:
    topic = clubhouse.start(clubhouse.ada, kind="question")
    own = clubhouse.reply(clubhouse.ada, topic)
    with writing() as session:
        posting.accept_answer(session, clubhouse.ada, own.id, LATER)
    assert "answer.accepted" not in {fact.kind for fact in recorded}
    assert clubhouse.all(select(Topic.accepted_post_id)) == [own.id]


def test_one_topic_credits_one_answer_however_often_it_is_moved(
    clubhouse: Clubhouse, recorded: list[Any]
) -> None:
    topic = clubhouse.start(clubhouse.ada, kind="question")
    answers = [clubhouse.reply(who, topic) for who in (clubhouse.ben, clubhouse.cleo)]
    for answer in answers:
        with writing() as session:
            posting.accept_answer(session, clubhouse.ada, answer.id, LATER)
    assert [fact.member_id for fact in recorded if fact.kind == "answer.accepted"] == [
        clubhouse.ben.id
    ]


def test_others_cannot_accept_and_staff_can(clubhouse: Clubhouse) -> None:
    topic = clubhouse.start(clubhouse.ada, kind="question")
    answer = clubhouse.reply(clubhouse.ben, topic)
    with pytest.raises(Refused), writing() as session:
        posting.accept_answer(session, clubhouse.cleo, answer.id, NOW)
    with pytest.raises(Refused, match="one of the replies"), writing() as session:
        posting.accept_answer(session, clubhouse.ada, topic.last_post_id, NOW)
    with writing() as session:
        posting.accept_answer(session, clubhouse.sam, answer.id, NOW)


def test_a_locked_topic_takes_no_reply_until_it_is_opened_again(clubhouse: Clubhouse) -> None:
    topic = clubhouse.start(clubhouse.ada)
    with writing() as session:
        moderation.lock(session, clubhouse.mo, topic.id, "It went in circles.", NOW)
    with pytest.raises(Refused, match="locked"):
        clubhouse.reply(clubhouse.ben, topic)
    assert clubhouse.all(select(Topic.posts)) == [1]
    with writing() as session:
        moderation.unlock(session, clubhouse.mo, topic.id, "It cooled down.", NOW)
    assert clubhouse.reply(clubhouse.ben, topic).number == 2


def test_a_two_character_chinese_word_is_found(clubhouse: Clubhouse) -> None:
    topic = clubhouse.start(clubhouse.ada, "哪一把水壶好", "冲泡玉露用的,大家有什么建议?")
    with reading() as session:
        assert [hit.ref for hit in search.find(session, "水壶")] == [topic.id]
        assert [hit.ref for hit in search.find(session, "玉露")] == [topic.id]
