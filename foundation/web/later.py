"""Later: an answer that waits for something without keeping its request's thread.

A web process has one thread for requests. What must wait for the disk at every request would hold
up all others there; so below some addresses the server offers, under `OFFER` in the environment,
to take the answer later and from any thread, and the thread goes on to the next request.

WSGI knows no such offer. It is put around granian's own caller of the application, which is handed
the object to answer through; anywhere else (tests, another server) there is no offer, and whoever
would take it answers at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from granian.server import mp as granian

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

OFFER = "bellmouth.later"

#: Where granian keeps what makes its caller of an application.
CALLER = "_wsgi_call_wrap"


class Later:
    """The server's offer for one request; stands where granian has the way back to the client."""

    __slots__ = ("_is_taken", "_way_back", "response")

    def __init__(self, way_back: Any) -> None:
        self._way_back = way_back
        self._is_taken = False
        self.response: Any = None  # granian's start_response: keeps the status and the headers

    def take(self) -> list[bytes]:
        """What to return to the server instead of an answer; `answer` must follow."""
        self._is_taken = True
        return []

    def answer(self, body: Iterable[bytes]) -> None:
        """Send what start_response was told, and the body."""
        try:
            content = b"".join(body)
        finally:
            if close := getattr(body, "close", None):
                close()
        self._way_back.response_bytes(self.response.status, self.response.headers, content)

    def response_bytes(self, *answer: Any) -> None:
        if not self._is_taken:
            self._way_back.response_bytes(*answer)

    def response_iter(self, *answer: Any) -> None:
        self._way_back.response_iter(*answer)


def offered(environ: WSGIEnvironment) -> Later | None:
    """The server's offer, if it makes one."""
    return environ.get(OFFER)


def offer_below(root: str) -> None:
    """Have granian offer it to requests below `root`; in its process, before it gets the app."""
    own = getattr(granian, CALLER, None)
    if own is None:
        log.warning("this granian cannot wait: answers below %s keep their thread", root)
        return

    def make_caller(app: WSGIApplication, *options: Any) -> Callable[[Any, dict[str, Any]], Any]:
        def told(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            environ[OFFER].response = start_response
            return app(environ, start_response)

        straight, offering = own(app, *options), own(told, *options)

        def call(way_back: Any, scope: dict[str, Any]) -> Any:
            if not scope["PATH_INFO"].startswith(root):
                return straight(way_back, scope)
            scope[OFFER] = later = Later(way_back)
            return offering(later, scope)

        return call

    setattr(granian, CALLER, make_caller)
