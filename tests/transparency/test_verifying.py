"""The auditor: whatever is changed behind the log's back is found, at the right leaf."""

import pytest
from sqlalchemy import text

from foundation import doors
from foundation.doors import reading, writing
from tests.transparency.conftest import review
from transparency import erasing, log, queries, verifying, wording
from transparency.jobs import write_checkpoint

pytestmark = pytest.mark.usefixtures("unaudited")


@pytest.fixture
def verify(served):
    def audit(**more):
        with reading() as session:
            return verifying.verify(session, witnesses={"review.": served}, **more)

    return audit


def tamper(*statements):
    """Change rows as somebody could who owns the database: past the triggers."""
    with doors.database().writer.begin() as connection:
        if doors.dialect() == "postgresql":
            connection.execute(text("set session_replication_role = replica"))
        else:
            for table in ("log_leaf", "log_node", "log_checkpoint"):
                for act in ("update", "delete"):
                    connection.execute(text(f"drop trigger if exists {table}_no_{act}"))
        for statement in statements:
            connection.execute(text(statement), {"x": b"x" * 32})
        if doors.dialect() == "postgresql":
            connection.execute(text("set session_replication_role = origin"))


def say(now, event, subject, content=None):
    with writing() as session:
        return log.append(session, event=event, subject=subject, content=content or {}, now=now)


def test_a_log_and_a_site_that_agree_are_fine(published, verify, now):
    published(37)
    write_checkpoint(now)
    report = verify()
    assert report.fine
    assert (report.size, report.served, report.checkpoints) == (37, 37, 1)


def test_progress_is_told(published, verify, monkeypatch):
    published(10)
    monkeypatch.setattr(verifying, "BATCH", 4)
    told = []
    assert verify(progress=lambda done, total: told.append((done, total))).fine
    assert told == [(4, 10), (8, 10), (10, 10)]


@pytest.mark.parametrize(
    ("statement", "index", "check"),
    [
        ("update log_leaf set subject = 'review:9' where \"index\" = 5", 5, "leaf"),
        ("update log_leaf set event = 'review.withdrawn' where \"index\" = 5", 5, "leaf"),
        ('update log_leaf set commitment = :x where "index" = 5', 5, "leaf"),
        ('update log_leaf set hash = :x where "index" = 5', 5, "leaf"),
        ('delete from log_leaf where "index" = 5', 5, "gap"),
        ('delete from log_leaf where "index" = 10', 10, "gap"),
        ("update log_node set hash = :x where level = 1 and position = 2", 5, "node"),
        ("delete from log_node where level = 2 and position = 1", 7, "node"),
        ("update log_head set root = :x", 11, "head"),
        ("update log_checkpoint set root = :x", 10, "checkpoint"),
        ("update log_head set size = 10", 10, "head"),
    ],
)
def test_a_change_behind_its_back_is_found_at_its_leaf(
    published, verify, now, statement, index, check
):
    published(11)
    write_checkpoint(now)
    tamper(statement)
    report = verify()
    assert report.first.index == index
    assert check in {each.check for each in report.findings if each.index == index}


def test_one_missing_leaf_is_one_gap(published, verify):
    published(11)
    tamper('delete from log_leaf where "index" = 5')
    assert [each.index for each in verify().findings if each.check == "gap"] == [5]


def test_a_past_rewritten_with_everything_in_it_is_found_by_a_root_kept_elsewhere(
    published, verify, now
):
    published(5)
    remembered = {5: queries_root(5)}
    assert verify(remembered=remembered).fine
    rewrite_from_scratch(published)
    assert verify().fine  # the log agrees with itself
    report = verify(remembered=remembered)
    assert report.first.check == "checkpoint"


def queries_root(size):
    with reading() as session:
        return queries.root_at(session, size)


def rewrite_from_scratch(published):
    tamper(
        "delete from log_leaf",
        "delete from log_node",
        "delete from log_salt",
        "update log_head set size = 0, root = :x",
    )
    published(5)


def test_a_remembered_root_beyond_the_head_is_a_cut_off_log(published, verify):
    published(5)
    assert verify(remembered={6: b"x" * 32}).first.check == "checkpoint"


def test_a_review_that_vanished_is_found(published, verify, served):
    published(3)
    served.changed["review:1"] = None
    report = verify()
    assert report.first.index == 1
    assert "no leaf says why" in report.first.detail


def test_a_review_that_was_polished_is_found(published, verify, served):
    published(3)
    served.changed["review:2"] = {**review("Cup 2"), "stars": 5}
    assert verify().first.index == 2


def test_the_last_word_counts(published, verify, served, now):
    published(3)
    served.changed["review:1"] = review("Second thoughts")
    say(now, "review.revised", "review:1", review("Second thoughts"))
    assert verify().fine


def test_a_withdrawn_review_need_not_be_served(published, verify, served, now):
    published(3)
    served.changed["review:1"] = None
    say(now, "review.withdrawn", "review:1")
    report = verify()
    assert report.fine
    assert report.withdrawn == 1


def test_a_withdrawn_review_must_not_be_served(published, verify, now):
    published(3)
    say(now, "review.withdrawn", "review:1")
    assert "still served" in verify().first.detail


def test_a_salt_must_not_go_without_a_word(published, verify, now, served):
    published(3)
    with writing() as session:
        erasing.forget(session, "review:1")
    assert verify().first.check == "salt"
    served.changed["review:1"] = None
    say(now, "review.erased", "review:1")
    assert verify().fine


def test_the_witness_with_the_longest_prefix_is_asked(published, verify, now, served):
    say(now, "post.folded", "fold:1", {"reason": "spam"})
    with reading() as session:
        report = verifying.verify(
            session,
            witnesses={
                "post.": lambda session, subjects: {},
                "post.folded": lambda session, subjects: {"fold:1": {"reason": "spam"}},
            },
        )
        assert report.fine
        assert verifying.verify(session, witnesses={"po": lambda s, each: {}}).first.index == 0
        assert verifying.verify(session, witnesses={"review.": served}).unwitnessed == 1


def test_a_witness_is_asked_about_a_few_hundred_at_a_time(published, monkeypatch, verify, served):
    monkeypatch.setattr(verifying, "ASKED_AT_ONCE", 4)
    published(10)
    assert verify().served == 10


def test_one_leaf_can_be_held_against_the_site(published, served, now, look):
    published(4)
    served.changed["review:1"] = None
    served.changed["review:2"] = review("polished")
    served.changed["review:3"] = None
    say(now, "review.withdrawn", "review:3")
    verifying.call_witnesses({"review.": served})
    say(now, "programme.published", "programme:1")
    with reading() as session:
        states = [verifying.state_of(session, queries.leaf(session, index)) for index in range(6)]
    assert states == ["served", "missing", "differs", "superseded", "withdrawn", "unwitnessed"]
    with writing() as session:
        erasing.forget(session, "review:0")
    assert (
        look(lambda session: verifying.state_of(session, queries.leaf(session, 0))) == "forgotten"
    )


def test_every_state_has_its_words():
    fine = {"served", "withdrawn", "superseded", "unwitnessed"}
    assert set(wording.STATES) == fine | set(verifying.WRONG)
