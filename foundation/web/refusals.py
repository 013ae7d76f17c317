"""One place turns what went wrong into a page for people or a problem document for machines."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import psycopg
from flask import Flask, g, jsonify, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from foundation import doors, words
from foundation.refusal import Refused
from foundation.web.forms import sentence_of
from foundation.words import _

#: What PostgreSQL says to one of two transactions that waited for each other, or of which one came
#: first: the same again would do. SQLite has one writer.
COLLIDED = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)

#: What browsers send forms as.
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def wants_document() -> bool:
    """Machines: the API, webhooks and whoever prefers JSON to HTML."""
    if request.path.startswith(("/api/", "/webhooks/")) or request.path.endswith(".json"):
        return True
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/html"]


def problem(status: int, code: str, sentence: str, **more: Any) -> Any:
    """A problem document (RFC 9457)."""
    document = {"type": f"urn:bellmouth:{code}", "title": sentence, "status": status, **more}
    response = jsonify(document)
    response.status_code = status
    response.content_type = "application/problem+json"
    return response


def _refuse_what_no_column_holds() -> None:
    """A NUL fits into no text of PostgreSQL, and no person types one."""
    given = [("", request.path), *request.args.items(multi=True)]
    if request.mimetype in FORMS:
        given += request.form.items(multi=True)
    if any("\x00" in name or "\x00" in text for name, text in given):
        raise Refused(
            "There is a character in it that no text may hold. Remove it and send it again.",
            code="nul",
            status=400,
        )


def _back() -> str | None:
    """The page one came from, if it is ours: no error page leads to another site."""
    came_from = urlsplit(request.referrer or "")
    if came_from.netloc != request.host:
        return None
    return came_from._replace(scheme="", netloc="").geturl() or None


def set_up(app: Flask) -> None:
    """Answer refusals and errors everywhere in the same voice."""
    app.before_request(_refuse_what_no_column_holds)

    @app.errorhandler(Refused)
    def refused(refusal: Refused) -> Any:
        sentence = sentence_of(refusal)
        if wants_document():
            more = {"field": refusal.field} if refusal.field else {}
            answer = problem(refusal.status, refusal.code, sentence, **more, **refusal.figures)
            if refusal.status == 401:
                answer.headers["WWW-Authenticate"] = "Bearer"  # RFC 9110, section 11.6.1
            return answer
        page = "errors/too_many.html" if refusal.status == 429 else "errors/refused.html"
        return render_template(page, sentence=sentence, back=_back()), refusal.status

    @app.errorhandler(CSRFError)
    def stale_form(error: CSRFError) -> Any:
        sentence = _("This form was open for too long. Go back, reload the page and send it again.")
        if wants_document():
            return problem(400, "form_token", sentence)
        return render_template("errors/refused.html", sentence=sentence, back=_back()), 400

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Any:
        status = error.code or 500
        if status < 400:
            return error
        if wants_document():
            answer = problem(status, f"http_{status}", error.name)
        else:
            answer = make_response(_error_page(status, error), status)
        more = dict(error.get_headers(request.environ))  # Allow of a 405, Retry-After
        answer.headers.update({name: more[name] for name in more if name != "Content-Type"})
        return answer

    def away(error: Exception) -> Any:
        if isinstance(getattr(error, "orig", error), COLLIDED):
            return collided(error)
        app.logger.error("the database is away on %s: %s", request.path, error)
        g.asks_nobody = True  # the page's shell must not ask it who reads
        words.set_language(_language_sent())
        sentence = _(
            "The database does not answer, so nothing could be read or stored just now. Go back:"
            " your browser still has what you typed. Try once more in a minute."
        )
        if wants_document():
            return _later(problem(503, "database_away", sentence))
        html = render_template("errors/server_error.html", code=503, sentence=sentence)
        return _later(make_response(html, 503))

    def collided(error: Exception) -> Any:
        app.logger.error("two waited for each other on %s: %s", request.path, error)
        sentence = _(
            "Somebody else was changing the same thing at that moment, so nothing of this was"
            " stored. Go back: your browser still has what you typed. Send it once more."
        )
        if wants_document():
            return _later(problem(503, "collided", sentence), seconds=1)
        html = render_template("errors/refused.html", sentence=sentence, back=_back())
        return _later(make_response(html, 503), seconds=1)

    for kind in doors.AWAY:
        app.register_error_handler(kind, away)

    @app.errorhandler(Exception)
    def broken(error: Exception) -> Any:
        app.logger.exception("unhandled error on %s", request.path)
        if wants_document():
            return problem(500, "server_error", _("Something broke on our side."))
        return render_template("errors/server_error.html"), 500


def _later(response: Any, seconds: int = 60) -> Any:
    response.headers["Retry-After"] = str(seconds)
    return response


def _language_sent() -> str:
    """The reader's language as far as her browser says it."""
    sent = request.cookies.get("language", "")
    return sent or words.negotiate(request.headers.get("Accept-Language", ""))


def _error_page(status: int, error: HTTPException) -> str:
    pages = {403: "forbidden", 404: "not_found", 429: "too_many"}
    if status in pages:
        return render_template(f"errors/{pages[status]}.html", back=_back())
    if status >= 500:
        return render_template("errors/server_error.html")
    return render_template("errors/refused.html", sentence=error.description, back=_back())
