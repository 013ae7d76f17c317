"""A club to talk in, its cast, and short ways to write."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from community import clubs, moderation, posting
from community.models import Fold, Post, Topic
from foundation import facts
from foundation.doors import reading, writing
from members.models import Member
from tests import people
from tests.conftest import NOW


class Clubhouse:
    """The tea club and its people; each act its own transaction."""

    def __init__(self) -> None:
        with writing() as session:
            self.ada = people.ada(session)
            self.ben = people.ben(session)
            self.cleo = people.cleo(session)
            self.mo = people.mo(session)
            self.olga = people.olga(session)
            self.sam = people.sam(session)
            self.fay = people.fay(session)
            draft = clubs.ClubDraft(
                slug="tea",
                name={"en": "Tea", "zh_Hans": "茶"},
                description={"en": "Leaves and water."},
                promise_hours=8,
                time_zone="Europe/Berlin",
            )
            self.club_id = clubs.open_club(session, draft, NOW)

    def start(
        self,
        author: Member,
        title: str = "Which kettle?",
        body: str = "For gyokuro.",
        kind: str = "talk",
        now: datetime = NOW,
    ) -> Topic:
        with writing() as session:
            draft = posting.TopicDraft(self.club_id, kind, title, body)
            return posting.start_topic(session, author, draft, now)

    def reply(
        self,
        author: Member,
        topic: Topic,
        body: str = "A clay one.",
        now: datetime = NOW,
        **more: Any,
    ) -> Post:
        with writing() as session:
            return posting.reply(session, author, topic.id, body, now, **more)

    def fold(
        self,
        by: Member,
        post_id: str,
        reason: str = "spam",
        sentence: str = "The same text stands in four topics.",
        now: datetime = NOW,
    ) -> Fold:
        with writing() as session:
            return moderation.fold(session, by, post_id, reason, sentence, now)

    def first_post(self, topic: Topic) -> str:
        return topic.last_post_id if topic.posts == 1 else ""

    def all(self, statement: Any) -> list[Any]:
        with reading() as session:
            return list(session.scalars(statement))


@pytest.fixture
def clubhouse(database: Any) -> Clubhouse:
    return Clubhouse()


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[facts.Fact]:
    """The facts that were told while the test ran."""
    told: list[facts.Fact] = []

    def hear(session: Any, heard: Any, now: datetime) -> None:
        told.extend(heard)

    kinds = (
        *("topic.started", "post.written", "answer.accepted", "post.folded", "post.restored"),
        *("appeal.lodged", "appeal.decided"),
    )
    monkeypatch.setattr(facts, "_hearers", dict.fromkeys(kinds, (hear,)))
    return told
