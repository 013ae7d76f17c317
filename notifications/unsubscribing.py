"""Unsubscribing with one click, without signing in (RFC 8058).

The link in a letter is signed and names the member and the category, so that it works for years,
from any browser, and for nobody else.
"""

from __future__ import annotations

from datetime import datetime

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session

from foundation.refusal import Refused
from members import consents

_signer = URLSafeSerializer("not set", salt="unsubscribe")


def sign_with(key: str) -> None:
    """Take the key that signs the links."""
    global _signer
    _signer = URLSafeSerializer(key, salt="unsubscribe")


def link(member_id: str, category: str) -> str:
    """The path that ends letters of `category` to the member."""
    return f"/unsubscribe/{_signer.dumps([member_id, category])}"


def read(token: str) -> tuple[str, str]:
    """The member and the category of a link; raises Refused for what we never signed."""
    try:
        member_id, category = _signer.loads(token)
    except (BadSignature, ValueError):
        raise Refused(
            "This link is not complete. Copy the whole address from the letter.",
            code="unsubscribe",
            status=404,
        ) from None
    return str(member_id), str(category)


def unsubscribe(session: Session, token: str, now: datetime) -> str:
    """End letters of the link's category; that category."""
    member_id, category = read(token)
    consents.give(session, member_id, {category: False}, now)
    return category
