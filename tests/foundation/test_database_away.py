"""While the database is away everybody is told so, and afterwards everything goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError

from foundation import clock, doors
from foundation.doors import reading, writing
from foundation.words import use_language
from members.models import Member
from referral import codes
from tests import people

SENTENCE = "The database does not answer"
VISIT = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/150.0",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
}


@contextmanager
def away(folder: Path) -> Iterator[None]:
    """Nothing answers where the database was."""
    there = doors.database()
    nowhere = {
        "sqlite": f"sqlite:///{folder}/gone/bellmouth.sqlite3",
        "postgresql": f"postgresql+psycopg://nobody@/bellmouth?host={folder}",
    }
    url = there.url
    doors.connect(nowhere[there.dialect])
    try:
        yield
    finally:
        doors.connect(url)


@pytest.fixture
def ada(client: Any) -> Any:
    with writing() as session:
        made = people.ada(session)
    people.sign_in(client, made)
    return made


def test_it_works(client: Any, tmp_path: Path) -> None:
    with away(tmp_path):
        answer = client.get("/clubs")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
        assert SENTENCE in answer.text
    assert client.get("/clubs").status_code == 200


def test_pages_that_were_kept_are_not_shown_unasked(
    client: Any, app: Any, ada: Any, tmp_path: Path
) -> None:
    visitor = app.test_client()
    for each in (client, visitor) * 3:
        assert each.get("/clubs").status_code == 200
    with away(tmp_path):
        for each in (client, visitor):
            answer = each.get("/clubs")
            assert answer.status_code == 503
            assert SENTENCE in answer.text
            assert "Ada" not in answer.text
    assert "Ada" in client.get("/clubs").text


def test_a_form_is_not_lost(client: Any, ada: Any, tmp_path: Path) -> None:
    client.application.config["WTF_CSRF_ENABLED"] = False
    with away(tmp_path):
        answer = client.post("/settings", data={"name": "Adelheid"})
        assert answer.status_code == 503
        assert "your browser still has what you typed" in answer.text


def test_a_link_says_so_too(client: Any, ada: Any, tmp_path: Path) -> None:
    with writing() as session:
        code = codes.ensure(session, ada.id, clock.now())
        assert code is not None
        path = f"/r/{code.code}"
    with away(tmp_path):
        assert client.get(path, headers=VISIT).status_code == 503
    assert client.get(path, headers=VISIT).status_code == 302


def test_machines_get_a_problem_document(client: Any, tmp_path: Path) -> None:
    with away(tmp_path):
        answer = client.get("/clubs", headers={"Accept": "application/json"})
        assert answer.content_type == "application/problem+json"
        assert answer.json["type"] == "urn:bellmouth:database_away"


def test_it_is_said_in_the_readers_language(client: Any, tmp_path: Path) -> None:
    with away(tmp_path), use_language("en"):  # the test speaks English again afterwards
        html = client.get("/clubs", headers={"Accept-Language": "zh-TW"}).text
        assert '<html lang="zh-Hant">' in html


def test_connections_that_the_server_closed_are_not_used_again(database: doors.Database) -> None:
    if database.dialect == "sqlite":
        return
    with writing() as session:
        ours = session.connection().exec_driver_sql("select pg_backend_pid()").scalar_one()
    with psycopg.connect(database.url.replace("+psycopg", ""), autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s, 5000)", (ours,))
    for door in (writing, reading):
        with door() as session:
            assert session.connection().exec_driver_sql("select 1").scalar_one() == 1


def test_who_changed_the_same_at_once_is_told_to_send_it_once_more(app: Any, ada: Any) -> None:
    """A real error of PostgreSQL; no road of ours is known to lead to one, so it is handed over."""
    if doors.database().dialect == "sqlite":
        return
    rename = update(Member).where(Member.id == ada.id)
    with writing() as late:
        late.execute(text("set transaction isolation level repeatable read"))
        late.execute(select(Member.id)).all()
        with writing() as early:
            early.execute(rename.values(name="Ada the first"))
        with pytest.raises(OperationalError) as raised:
            late.execute(rename.values(name="Ada the second"))
        late.rollback()
    with app.test_request_context("/api/v1/orders"):
        document = app.handle_user_exception(raised.value)
        assert (document.status_code, document.headers["Retry-After"]) == (503, "1")
        assert document.json["type"] == "urn:bellmouth:collided"
    with app.test_request_context("/clubs"):
        page = app.handle_user_exception(raised.value)
        assert "Send it once more." in page.get_data(as_text=True)
