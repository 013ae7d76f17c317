"""Flask's signed session cookie, its signature checked once a minute instead of at every page.

The cookie is Flask's own in every respect. What a value says does not change, so a process
remembers what it read from it for a little while; checking it took a fifth of a cached page.
"""

from __future__ import annotations

import time
from collections import OrderedDict

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

#: Seconds that a read cookie is remembered; how much longer than its age it may live at most.
MEMORY = 60.0
#: Cookies remembered in one process.
MOST = 5_000


class RememberedSessions(SecureCookieSessionInterface):
    """Opens sessions from remembered cookies; signing and saving are Flask's."""

    def __init__(self) -> None:
        self._read: OrderedDict[str, tuple[float, dict[str, object]]] = OrderedDict()

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        value = request.cookies.get(self.get_cookie_name(app), "")
        known = self.remembered(value)
        if known is not None:
            return self.session_class(known)
        opened = super().open_session(app, request)
        if opened:
            self._read[value] = (time.monotonic(), dict(opened))
            while len(self._read) > MOST:
                self._read.popitem(last=False)
        return opened

    def remembered(self, value: str) -> dict[str, object] | None:
        """What a cookie's value says, if its signature was checked within the last minute."""
        known = self._read.get(value)
        is_fresh = known is not None and time.monotonic() - known[0] < MEMORY
        return known[1] if known is not None and is_fresh else None
