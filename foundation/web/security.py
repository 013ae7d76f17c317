"""Headers every answer carries. No inline script or style exists, so the policy needs no nonce."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SecureHeaders:
    """WSGI middleware, the outermost: no answer leaves without the headers.

    Written below Flask because setting ten headers through it costs as much as a bare request.
    A page that sets one of them itself (a mail preview's own policy) keeps it.
    """

    def __init__(self, app: WSGIApplication, *, https: bool) -> None:
        self._app = app
        self._headers = list(HEADERS.items())
        if https:
            self._headers.append(("Strict-Transport-Security", "max-age=31536000"))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            given = {name.lower() for name, _ in headers}
            more = [each for each in self._headers if each[0].lower() not in given]
            if "cache-control" not in given:
                known = "session=" in environ.get("HTTP_COOKIE", "")
                more.append(("Cache-Control", "no-store" if known else "no-cache"))
                more.append(("Vary", "Cookie, Accept-Language"))
            return start_response(status, headers + more, *rest)

        return self._app(environ, start)
