"""Appending: what a leaf says, and that the log grows by one at a time, whoever is racing."""

from functools import partial
from hashlib import sha256

import pytest
from sqlalchemy import delete, event, select, text, update
from sqlalchemy.exc import DatabaseError

from foundation import doors
from foundation.doors import reading, writing
from tests.threads import at_once
from transparency import checkpoints, erasing, log, queries, verifying
from transparency.canonical import canonical
from transparency.jobs import write_checkpoint
from transparency.models import Checkpoint, Leaf, LogHead, LogNode, LogSalt
from transparency.proofs import is_consistent, is_included
from transparency.tree import EMPTY_ROOT, Frontier, leaf_hash

CONTENT = {"title": "我的茶", "stars": 1}


def append(now, subject="review:1", event="review.published", **more):
    with writing() as session:
        return log.append(session, event=event, subject=subject, content=CONTENT, now=now, **more)


def test_an_empty_log_has_the_empty_root(database, look):
    assert look(queries.head) == queries.Head(0, EMPTY_ROOT)
    assert look(verifying.verify).fine


def test_a_leaf_says_four_things_and_not_the_text(database, now):
    leaf = append(now, author_id="0" * 26)
    assert leaf.index == 0
    assert leaf.data == canonical(
        {
            "event": "review.published",
            "subject": "review:1",
            "at": "2026-03-03T12:00:00.000000Z",
            "commitment": leaf.commitment.hex(),
        }
    )
    assert leaf.hash == leaf_hash(leaf.data)
    with reading() as session:
        salt = session.scalars(select(LogSalt)).one()
        assert sha256(salt.salt + canonical(CONTENT)).digest() == leaf.commitment
        assert salt.author_id == "0" * 26
        assert session.get(Leaf, 0).data == leaf.data


def test_the_same_text_twice_gives_two_commitments(database, now):
    assert append(now).commitment != append(now).commitment


def test_every_size_has_its_root_and_its_proofs(published, look):
    leaves = [published(1)[0] for _ in range(5)] + published(20)
    frontier = Frontier()
    roots = [frontier.root]
    for leaf in leaves:
        list(frontier.push(leaf.hash))
        roots.append(frontier.root)
    with reading() as session:
        for size in range(len(leaves) + 1):
            assert queries.root_at(session, size) == roots[size]
        for size in (1, 7, 16, 25):
            for index in range(size):
                path = queries.inclusion_proof(session, index, size)
                assert is_included(index, size, leaves[index].hash, path, roots[size])
            path = queries.consistency_proof(session, size, 25)
            assert is_consistent(size, 25, roots[size], roots[25], path)


def test_many_at_once_are_the_same_log_as_one_by_one(published, look):
    published(13)
    many = look(queries.head)
    with reading() as session:
        leaves = session.scalars(select(Leaf).order_by(Leaf.index)).all()
        nodes = session.execute(select(LogNode.level, LogNode.position, LogNode.hash)).all()
    frontier = Frontier()
    grown = [node for leaf in leaves for node in frontier.push(leaf.hash)]
    assert many == queries.Head(13, frontier.root)
    assert {tuple(node) for node in nodes} == {tuple(node) for node in grown}


def test_appending_and_proving_take_a_few_statements_however_long_the_log_is(published, look):
    published(1000)
    statements = []
    engine = doors.database().writer
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    published(1)
    assert len(statements) <= 7, statements
    statements.clear()
    event.listen(doors.database().reader, "before_cursor_execute", lambda *a: statements.append(1))
    look(queries.inclusion_proof, 123, 1001)
    assert len(statements) <= 6


def test_appending_nothing_changes_nothing(published, look):
    published(3)
    before = look(queries.head)
    published(0)
    assert look(queries.head) == before


def test_what_is_undone_leaves_no_gap(database, now, look):
    append(now)
    with pytest.raises(ZeroDivisionError), writing() as session:
        _append_and_fail(session, now)
    assert append(now).index == 1
    assert look(verifying.verify).fine


def _append_and_fail(session, now):
    log.append(session, event="review.published", subject="x", content={}, now=now)
    _ = 1 / 0  # the verb fails afterwards


def test_content_without_one_way_to_write_it_is_refused(database, now):
    with pytest.raises(TypeError), writing() as session:
        log.append(session, event="review.published", subject="x", content={"n": 1.5}, now=now)


@pytest.mark.parametrize("model", [Leaf, LogNode, Checkpoint])
def test_the_database_refuses_to_change_the_past(published, now, model):
    published(2)
    write_checkpoint(now)
    change = update(model).values({model.root if model is Checkpoint else model.hash: b"x" * 32})
    with pytest.raises(DatabaseError, match="append-only"), writing() as session:
        session.execute(change)
    with pytest.raises(DatabaseError, match="append-only"), writing() as session:
        session.execute(delete(model))


def test_there_is_one_head(database):
    with pytest.raises(DatabaseError), writing() as session:
        session.execute(LogHead.__table__.insert().values(id=2, size=0, root=EMPTY_ROOT))


def test_racing_threads_make_a_log_without_gaps(database, now, look):
    """Eight threads, each with its own connection; on PostgreSQL they really run at once."""

    def publish(who):
        for each in range(10):
            append(now, subject=f"review:{who}-{each}")

    at_once([partial(publish, who) for who in range(8)])
    with reading() as session:
        assert list(session.scalars(select(Leaf.index).order_by(Leaf.index))) == list(range(80))
    assert look(verifying.verify).fine


def test_a_checkpoint_is_written_once_per_size(published, now, look):
    assert write_checkpoint(now) == "The log has not grown."
    published(3)
    assert write_checkpoint(now) == "Checkpoint written of so many leaves: 3"
    assert write_checkpoint(now) == "The log has not grown."
    published(1)
    with writing() as session:
        assert checkpoints.write(session, now) == 4
    assert [each.size for each in look(queries.checkpoints)] == [4, 3]


def test_forgetting_takes_the_salt_and_leaves_the_log(database, now, look):
    append(now)
    append(now, subject="review:2", author_id="0" * 26)
    before = look(queries.head)
    with writing() as session:
        assert erasing.forget(session, "review:1") == 1
        assert erasing.forget(session, "review:1") == 0
        erasing.forget_author(session, "0" * 26)
    with reading() as session:
        kept = session.scalars(select(LogSalt)).one()
        assert (kept.subject, kept.author_id) == ("review:2", None)
    assert look(queries.head) == before
    assert look(verifying.verify).fine


def test_the_head_cannot_be_lost_by_a_rollback_on_postgresql(database, now):
    if doors.dialect() != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    with writing() as session:
        log.append(session, event="a.b", subject="x", content={}, now=now)
        with doors.database().writer.connect() as other:
            other.execute(text("set lock_timeout = '50ms'"))
            with pytest.raises(DatabaseError, match="lock timeout"):
                other.execute(text("select size from log_head for update"))
