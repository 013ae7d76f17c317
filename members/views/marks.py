"""What a browser carries for the door: a form's age, and a mark that it was signed in before.

The mark keeps an owner from being locked out: somebody who keeps trying her address uses up the
tries of that address, but not those of a browser she has used.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug import Response

from foundation.refusal import Refused
from foundation.web.throttle import take
from members.session import token_hash

#: For each address tried, and for each address of the network that tries.
RATE = "10 per 5 minutes"
#: Nobody reads and fills in the form faster.
YOUNGEST = timedelta(seconds=3)
COOKIE = "browser"
ONE_YEAR = 365 * 24 * 3600


def stamp(now: datetime) -> str:
    """When a form was shown, signed."""
    return str(_signer("form").dumps(now.isoformat()))


def check_age(stamped: str, now: datetime) -> None:
    """Refuse a form that comes back quicker than a person types, or that we never showed."""
    try:
        shown = datetime.fromisoformat(_signer("form").loads(stamped))
    except (BadSignature, ValueError, TypeError):
        shown = now
    if now - shown < YOUNGEST:
        raise Refused(
            "That was quicker than people type. Look it over and send it once more.", code="quick"
        )


def take_a_try(act: str, email: str) -> None:
    """Use up one try for an address; in a browser that was signed in with it, one of that browser.

    Raises Refused (429).
    """
    email = email.strip().lower()
    kind, name = _known_as(email) or ("member", token_hash(email))
    take(RATE, act, kind, name)


def remember(response: Response, email: str, *, secure: bool) -> None:
    """Mark this browser as one that was signed in with the address."""
    value = _signer("browser").dumps([token_hash(email), secrets.token_urlsafe(12)])
    response.set_cookie(
        COOKIE,
        value,
        max_age=ONE_YEAR,
        httponly=True,
        samesite="Lax",
        secure=secure,
        path="/sign-in",
    )


def _known_as(email: str) -> tuple[str, str] | None:
    try:
        of, nonce = _signer("browser").loads(request.cookies.get(COOKIE, ""))
    except (BadSignature, ValueError, TypeError):
        return None
    return ("browser", str(nonce)) if of == token_hash(email) else None


def _signer(salt: str) -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt=salt)
