"""`bellmouth log verify` and `bellmouth log check`."""

import json

import pytest
from click.testing import CliRunner

import app as application
from foundation.doors import reading
from tests.transparency.conftest import review
from tests.transparency.test_verifying import tamper
from transparency import queries, receipts


@pytest.fixture
def bellmouth(database, settings, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", settings.database_url)

    def run(*words):
        done = CliRunner().invoke(application.commands, words)
        return done.exit_code, " ".join(done.output.split())

    return run


def test_it_works(bellmouth, published):
    published(5)
    code, said = bellmouth("log", "verify")
    assert code == 0
    assert "5 leaves, root" in said
    assert "The log and the site agree." in said


def test_findings_end_with_one_and_name_the_first_bad_leaf(unaudited, bellmouth, published):
    published(40)
    tamper("update log_leaf set subject = 'review:x' where \"index\" >= 7")
    code, said = bellmouth("log", "verify")
    assert code == 1
    assert "the first bad leaf is 7" in said
    assert "more" in said


def test_a_remembered_root_is_compared(bellmouth, published):
    published(5)
    with reading() as session:
        root = queries.root_at(session, 3).hex()
    assert bellmouth("log", "verify", "--remember", f"3:{root}")[0] == 0
    assert bellmouth("log", "verify", "--remember", f"4:{root}")[0] == 1
    code, said = bellmouth("log", "verify", "--remember", "yesterday")
    assert code == 2
    assert "Write SIZE:ROOT" in said


def test_a_receipt_is_checked_without_the_database(bellmouth, published, tmp_path):
    published(5)
    with reading() as session:
        receipt = receipts.receipt(session, queries.leaf(session, 3))
    file, content = tmp_path / "receipt.json", tmp_path / "content.json"
    file.write_text(json.dumps(receipt))
    content.write_text(json.dumps(review("Cup 3")))
    assert bellmouth("log", "check", str(file))[0] == 0
    assert bellmouth("log", "check", str(file), "--content", str(content))[0] == 0
    content.write_text(json.dumps(review("Cup 4")))
    assert bellmouth("log", "check", str(file), "--content", str(content))[0] == 1
    content.write_text("not json")
    assert bellmouth("log", "check", str(file), "--content", str(content))[0] == 2
    file.write_text("[]")
    assert bellmouth("log", "check", str(file))[0] == 1
