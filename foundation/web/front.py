"""Public pages answered in front of Flask, from what it made earlier.

A bare Flask answer costs as much as such a page. Whatever is out of the ordinary (nothing kept, a
message to show once, a session not read in the last minute) goes on to the application.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Response, g, request, session

from foundation import doors, words
from foundation.web import fragments, member_shells
from foundation.web.fragments import Kept, Shelf
from foundation.web.pages import known_token
from foundation.web.sessions import RememberedSessions

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: Visitors' pages with their headers.
whole_pages = Shelf(2_000)


class VisitorPages:
    """WSGI middleware: whole public pages for visitors who carry no cookie of ours."""

    def __init__(self, app: WSGIApplication, cookies: Iterable[str]) -> None:
        self._app = app
        self._cookies = tuple(f"{name}=" for name in cookies)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "GET" or self._knows(environ.get("HTTP_COOKIE", "")):
            return self._app(environ, start_response)
        name = self._name(environ)
        found = self._found(name)
        if found is not None:
            headers, body = found.thing
            start_response("200 OK", headers)
            return [body]
        environ["bellmouth.page_name"] = name
        return self._app(environ, start_response)

    @staticmethod
    def _found(name: tuple[str, ...]) -> Kept | None:
        try:
            return whole_pages.fresh(name)
        except doors.AWAY:
            return None  # the application says so

    def _knows(self, cookie: str) -> bool:
        return bool(cookie) and any(mark in cookie for mark in self._cookies)

    @staticmethod
    def _name(environ: WSGIEnvironment) -> tuple[str, ...]:
        return (
            environ["PATH_INFO"],
            environ.get("QUERY_STRING", ""),
            words.negotiate(environ.get("HTTP_ACCEPT_LANGUAGE", "")),
            environ.get("HTTP_HOST", ""),
        )


def keep_whole_page(response: Response) -> Response:
    """After a visitor's public page: keep it for the next visitor."""
    wanted = g.pop("whole_page", None)
    name = request.environ.get("bellmouth.page_name")
    if (
        wanted is None
        or name is None
        or response.status_code != 200
        or session.modified  # a cookie is about to be set, and the page may hold its token
        or "Set-Cookie" in response.headers
    ):
        return response
    keys, stamp = wanted
    headers = [(key, value) for key, value in response.headers.items()]
    whole_pages.keep(name, Kept(keys, stamp, (headers, response.get_data())))
    return response


class MemberPages:
    """WSGI middleware: public pages for members, a kept fragment in the reader's kept shell.

    Who reads is asked of the database each time, with her counts, and so are the fragment's
    versions: a revoked sign-in, a new notification or a new post shows at once.
    """

    def __init__(
        self, app: WSGIApplication, sessions: RememberedSessions, load: Callable[[str], Any]
    ) -> None:
        self._app, self._sessions, self._load = app, sessions, load

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        cookie = environ.get("HTTP_COOKIE", "")
        if "session=" in cookie and environ["REQUEST_METHOD"] == "GET":
            try:
                page = self._page(environ, _cookies(cookie))
            except doors.AWAY:
                page = None  # the application says so
            if page is not None:
                body = page.encode()
                headers = [
                    ("Content-Type", "text/html; charset=utf-8"),
                    ("Content-Length", str(len(body))),
                ]
                start_response("200 OK", headers)
                return [body]
        return self._app(environ, start_response)

    def _page(self, environ: WSGIEnvironment, cookies: dict[str, str]) -> str | None:
        known = self._sessions.remembered(cookies.get("session", ""))
        if known is None or "_user_id" not in known or "_flashes" in known:
            return None
        token = known_token(known)
        who = self._load(str(known["_user_id"])) if token else None
        if who is None or token is None:
            return None
        language = cookies.get("language") or who.language
        path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
        shell = member_shells.find(who, language, path)
        if shell is None:
            return None
        kept = fragments.shelf.fresh(fragments.name(path, query, language, who.role))
        return shell.around(kept.thing, fragments.address(path, query), token) if kept else None


def _cookies(header: str) -> dict[str, str]:
    """Cookies by name; none where a name comes twice and the application has to choose."""
    pairs = [part.strip().partition("=") for part in header.split(";")]
    cookies = {name: value for name, _, value in pairs}
    return cookies if len(cookies) == len(pairs) else {}
