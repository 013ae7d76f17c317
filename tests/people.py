"""The cast: Ada the advocate, Ben the buyer, Cleo who never has access, Mo the moderator, Olga the
owner, Sam of the staff, Fay the friend.

Each call makes the member in the session given; all have verified addresses, the password
`correct horse battery`, and want mail about rewards and the community.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from foundation import clock
from foundation.doors import writing
from foundation.tables import new_id
from members import consents, signing_in
from members.models import Member

PASSWORD = "correct horse battery"
#: argon2id of PASSWORD, made once: making one takes longer than most tests.
PASSWORD_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$bpxq5Lk+nTH2Gy8JrvpbNQ"
    "$rPzsPkS7M0kaWZxhr0f/q4DGlfCmKaqwq4h71f3cXL8"
)
#: When the cast joined: before the tests' noon (tests/conftest.py).
JOINED = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def member(session: Session, name: str, role: str = "member", **more: Any) -> Member:
    """Anybody: `member(session, "Gus", language="zh_Hans")`."""
    handle = more.pop("handle", name.lower().replace(" ", "_"))
    joined = more.pop("joined_at", JOINED)
    values = {
        "id": new_id(joined),
        "handle": handle,
        "name": name,
        "email": f"{handle}@example.com",
        "email_verified_at": joined,
        "password_hash": PASSWORD_HASH,
        "role": role,
        "language": "en",
        "time_zone": "UTC",
        "joined_at": joined,
        "claimed_at": joined,
        **more,
    }
    made = Member(**values)
    session.add(made)
    session.flush()
    consents.give(session, made.id, consents.AT_SIGN_UP, joined)
    return made


def ada(session: Session) -> Member:
    return member(session, "Ada")


def ben(session: Session) -> Member:
    return member(session, "Ben")


def cleo(session: Session) -> Member:
    return member(session, "Cleo")


def fay(session: Session) -> Member:
    return member(session, "Fay")


def mo(session: Session) -> Member:
    return member(session, "Mo", role="moderator")


def olga(session: Session) -> Member:
    return member(session, "Olga", role="owner")


def sam(session: Session) -> Member:
    return member(session, "Sam", role="staff")


def sign_in(client: Any, who: Member | str) -> None:
    """Sign a test client in through the verb, without the (deliberately slow) password."""
    member_id = who if isinstance(who, str) else who.id
    with writing() as session:
        token = signing_in.sign_in(session, member_id, clock.now(), browser="a test")
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
        cookie["_fresh"] = True


def submit(client: Any, page: str, to: str | None = None, **typed: Any) -> Any:
    """Send a page's form like a browser: its hidden fields (the token) and what is typed.

    `to` is the form's address when it is not the page's own; the answer is not followed.
    """
    html = client.get(page).text
    hidden = dict(
        re.findall(r'<input[^>]*type="hidden"[^>]*name="(\w+)"[^>]*value="([^"]*)"', html)
    )
    hidden |= dict(
        re.findall(r'<input[^>]*name="([\w-]+)"[^>]*type="hidden"[^>]*value="([^"]*)"', html)
    )
    return client.post(to or page, data={**hidden, **typed})
