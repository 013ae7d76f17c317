"""The cookie: which link somebody followed, when, and through which channel. Pure but for the key.

First touch: a cookie that still counts is never replaced by a later link, so that nobody can take
over a friend who is already on the way by making her open one more address. It counts for 30 days
after the click; then the next link may take its place. It is signed, so that only a click of ours
can have written it, and it holds nothing about the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote

from itsdangerous import BadSignature, Signer

NAME = "referral"
#: How long after the click a friend who joins is attributed to it.
WINDOW = timedelta(days=30)

_signer: Signer | None = None


@dataclass(frozen=True)
class Touch:
    """Somebody followed `code` on `channel` at a moment (whole seconds, UTC)."""

    code: str
    channel: str
    at: datetime
    landing: str = ""


def sign_with(key: str) -> None:
    """Take the site's signing key (app.py reads the settings)."""
    global _signer
    _signer = Signer(key, salt="referral")


def write(touch: Touch) -> str:
    """The cookie's value."""
    seconds = int(touch.at.timestamp())
    plain = f"{touch.code}~{touch.channel}~{seconds}~{quote(touch.landing, safe='/')}"
    return _signing().sign(plain).decode()


def read(value: object, now: datetime) -> Touch | None:
    """The touch a cookie tells of; None when it is forged, torn, too old or of the future."""
    if not isinstance(value, str) or not value:
        return None
    try:
        code, channel, seconds, landing = _signing().unsign(value).decode().split("~", 3)
        touch = Touch(code, channel, datetime.fromtimestamp(int(seconds), UTC), unquote(landing))
    except (BadSignature, ValueError, OverflowError):
        return None
    return touch if now - WINDOW <= touch.at <= now + timedelta(minutes=5) else None


def _signing() -> Signer:
    if _signer is None:
        raise RuntimeError("touches.sign_with(key) first")
    return _signer
