"""Following a link: counted first, then remembered in the friend's browser.

A click is the only thing strangers do in numbers, so `Links` answers it in front of Flask, as
`VisitorPages` does with pages: a bare Flask answer costs more than the click itself. Anything
out of the ordinary (a code that ended, a program, an error) goes on to the view, which says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from foundation import clock, doors
from foundation.web.languages import safe_path
from foundation.web.later import offered
from referral import navigations, touches
from referral.clicking import Visit, click, click_soon
from referral.touches import Touch

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ROOT = "/r/"
LANDING = "/invited"


def visit(code: str, channel: str, to: str, now: datetime) -> Visit:
    """What is kept of somebody's opening a link that leads on `to` a page."""
    landing = safe_path(to) if to else ""
    return Visit(code.lower(), navigations.channel_of(channel), landing or "/", now)


def follow(seen: Visit, cookie: str) -> str | None:
    """Count a click; the cookie to set, empty to keep the one there is, None for an ended code."""
    return remembered(seen, cookie) if click(*seen) else None


def remembered(seen: Visit, cookie: str) -> str:
    """The cookie that remembers a click, empty to keep the one there is."""
    if cookie and touches.read(cookie, seen.at) is not None:
        return ""  # the first link keeps the friend
    return touches.write(Touch(seen.code, seen.channel, seen.at, seen.landing))


def header(cookie: str, *, https: bool) -> str:
    """The Set-Cookie header of a touch."""
    age = int(touches.WINDOW.total_seconds())
    secure = "; Secure" if https else ""
    return f"{touches.NAME}={cookie}; Max-Age={age}; Path=/; HttpOnly; SameSite=Lax{secure}"


class _Headers:
    """A request's headers by name, out of the server's environment."""

    def __init__(self, environ: WSGIEnvironment) -> None:
        self._environ = environ

    def get(self, key: str, /) -> str | None:
        value: str | None = self._environ.get(f"HTTP_{key.upper().replace('-', '_')}")
        return value


class Links:
    """WSGI middleware: the way of a person through `/r/<code>[/<channel>]`."""

    def __init__(self, app: WSGIApplication, *, https: bool) -> None:
        self._app = app
        self._https = https

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if not path.startswith(ROOT):
            return self._app(environ, start_response)
        code, _, channel = path[len(ROOT) :].partition("/")
        headers = _Headers(environ)
        if not code.isascii() or "/" in channel or "\0" in path:
            return self._app(environ, start_response)
        if not navigations.is_person_opening_a_page(environ["REQUEST_METHOD"], headers):
            return self._app(environ, start_response)
        seen = visit(code, channel, _to(environ.get("QUERY_STRING", "")), clock.now())
        carried = _cookie(headers.get("Cookie"))

        def answer(is_counted: bool | None) -> Iterable[bytes]:
            if not is_counted:
                return self._app(environ, start_response)
            start_response("302 Found", self._headers(remembered(seen, carried)))
            return []

        later = offered(environ)
        if later is None:
            return answer(_counted(seen))
        click_soon(seen, lambda is_counted: later.answer(answer(is_counted)))
        return later.take()

    def _headers(self, cookie: str) -> list[tuple[str, str]]:
        headers = [
            ("Location", LANDING),
            ("Cache-Control", "no-store"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", "0"),
        ]
        if cookie:
            headers.append(("Set-Cookie", header(cookie, https=self._https)))
        return headers


def _counted(seen: Visit) -> bool | None:
    try:
        return click(*seen)
    except doors.AWAY:
        return None


def _to(query: str) -> str:
    return parse_qs(query).get("to", [""])[0] if "to=" in query else ""


def _cookie(sent: str | None) -> str:
    if not sent or touches.NAME not in sent:
        return ""
    found = SimpleCookie(sent).get(touches.NAME)
    return found.value if found else ""
