"""A remembered session says what its cookie says, and nothing that another request did to it."""

from __future__ import annotations

from flask import Flask, session

from foundation.web.sessions import RememberedSessions


def make(key: str = "one key of the tests, long enough") -> Flask:
    app = Flask(__name__)
    app.secret_key = key
    app.session_interface = RememberedSessions()

    @app.get("/count")
    def count() -> str:
        session["n"] = session.get("n", 0) + 1
        return str(session["n"])

    @app.get("/look")
    def look() -> str:
        return str(session.get("n"))

    return app


def test_it_works() -> None:
    client = make().test_client()
    assert [client.get("/count").text for _ in range(3)] == ["1", "2", "3"]
    assert [client.get("/look").text for _ in range(3)] == ["3", "3", "3"]


def test_what_one_request_changes_is_not_in_an_older_cookie() -> None:
    app = make()
    client, twin = app.test_client(), app.test_client()
    client.get("/count")
    cookie = client.get_cookie("session")
    assert cookie is not None
    twin.set_cookie("session", cookie.value)
    client.get("/count")
    assert twin.get("/look").text == "1"


def test_a_cookie_of_another_key_says_nothing() -> None:
    cookie = make("another key of the tests, long enough")
    client = cookie.test_client()
    client.get("/count")
    forged = client.get_cookie("session")
    assert forged is not None
    stranger = make().test_client()
    stranger.set_cookie("session", forged.value)
    assert [stranger.get("/look").text for _ in range(2)] == ["None", "None"]
