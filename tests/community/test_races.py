"""Several people at the same moment, with real threads."""

from __future__ import annotations

from functools import partial

from sqlalchemy import func, select

from community import moderation, posting
from community.models import Club, Fold, ModerationEntry, Post, Topic
from foundation.doors import writing
from tests import people
from tests.community.conftest import Clubhouse
from tests.conftest import NOW
from tests.threads import at_once, ended


def test_posts_written_at_once_get_numbers_without_a_gap(clubhouse: Clubhouse) -> None:
    topics = [clubhouse.start(clubhouse.ada) for _ in range(2)]
    writers = [clubhouse.ben, clubhouse.cleo, clubhouse.fay, clubhouse.sam]
    made = at_once([partial(clubhouse.reply, who, topic) for who in writers for topic in topics])
    assert sorted(post.number for post in made) == [2, 2, 3, 3, 4, 4, 5, 5]
    assert clubhouse.all(select(Topic.posts)) == [5, 5]


def test_topics_started_at_once_are_all_counted(clubhouse: Clubhouse) -> None:
    at_once([lambda: clubhouse.start(clubhouse.ada) for _ in range(6)])
    assert clubhouse.all(select(Club.topics)) == [6]


def test_two_moderators_fold_a_post_once(clubhouse: Clubhouse) -> None:
    with writing() as session:
        judges = [clubhouse.mo, people.member(session, "Max", role="moderator")]
    topic = clubhouse.start(clubhouse.ada)
    made = ended([partial(clubhouse.fold, judge, topic.last_post_id) for judge in judges])
    assert len(made) - made.count("ok") == 1
    assert clubhouse.all(select(func.count()).select_from(Fold)) == [1]
    assert clubhouse.all(select(func.count()).select_from(ModerationEntry)) == [1]


def test_a_reply_and_a_fold_and_an_edit_at_once_do_not_wait_for_each_other_forever(
    clubhouse: Clubhouse,
) -> None:
    topic = clubhouse.start(clubhouse.ada)
    post = clubhouse.reply(clubhouse.ben, topic)

    def edit() -> Post:
        with writing() as session:
            return posting.edit(session, clubhouse.ada, topic.last_post_id, "For sencha.", NOW)

    def lock() -> None:
        with writing() as session:
            moderation.lock(session, clubhouse.mo, topic.id, "In circles.", NOW)

    acts = [
        edit,
        lock,
        lambda: clubhouse.reply(clubhouse.cleo, topic, in_reply_to=2),
        lambda: clubhouse.fold(clubhouse.mo, post.id),
        lambda: clubhouse.reply(clubhouse.fay, topic, in_reply_to=1),
    ]
    assert set(ended(acts)) <= {"ok", "locked"}
