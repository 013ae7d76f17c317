"""Which language a request is answered in: the member's, the cookie's, then the browser's."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, current_app, redirect, request
from jinja2 import pass_context

from foundation import jobs, money, rejects, words
from foundation.web.reader import reader

COOKIE = "language"
ONE_YEAR = 365 * 24 * 3600

bp = Blueprint("languages", __name__)


def set_up(app: Flask) -> None:
    """Choose the language before each request and give templates their words and formats."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda message: words.translations(words.language()).ugettext(message),
        lambda one, many, n: words.translations(words.language()).ungettext(one, many, n),
        newstyle=True,
    )
    app.jinja_env.globals["ngettext"] = _with_separators(app.jinja_env.globals["ngettext"])
    app.jinja_env.filters.update(
        when=words.when,
        number=words.number,
        percent=words.percent,
        money=money.format_amount,
        text_in=words.text_in,
        sentences=words.sentences,
        problem_in_words=rejects.in_words,
        kept_in_words=jobs.in_words,
        iso=lambda moment: moment.isoformat(timespec="seconds") if moment else "",
    )
    app.before_request(choose)
    app.register_blueprint(bp)


def _with_separators(ngettext: Any) -> Any:
    """The same, with its number as the reader writes it: “1,000 units”."""

    @pass_context
    def written(context: Any, one: str, many: str, n: int, **more: Any) -> Any:
        return ngettext(context, one, many, n, **{"num": words.number(n), **more})

    return written


def choose() -> None:
    """Speak the reader's language for this request."""
    cookie = request.cookies.get(COOKIE, "")
    who = reader() if request.cookies.get("session") else None
    if who is not None:
        words.set_language(cookie or who.language, who.time_zone)
    else:
        words.set_language(
            cookie or words.negotiate(request.headers.get("Accept-Language", "")),
        )


@bp.get("/language/<code>")
def switch(code: str) -> Any:
    """Remember the language in a cookie and go back to the page."""
    answer = redirect(safe_path(request.args.get("next")), 303)
    if code in words.LANGUAGES:
        answer.set_cookie(
            COOKIE,
            code,
            max_age=ONE_YEAR,
            samesite="Lax",
            httponly=True,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
        )
    return answer


def safe_path(target: str | None) -> str:
    """A path on this site, or / for anything that could lead elsewhere."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    if any(ord(letter) < 32 for letter in target) or "\\" in target:
        return "/"
    parts = urlsplit(target)
    return "/" if parts.scheme or parts.netloc else target
