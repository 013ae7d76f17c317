"""The code that a member shows at the till: 80 random bits, replaced by a new one when she likes.

The picture of it is the address of the staff's desk with the code, so that a phone that scans it
opens the desk, and a till that scans it may send the address as it is.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from foundation.once import insert_once
from foundation.refusal import Refused
from members import handles
from rewards.topups.models import TillCode
from rewards.vouchers.codes import new_code
from rewards.vouchers.codes import read_code as read_letters

DESK = "/prepaid"


def ensure(session: Session, member_id: str, now: datetime) -> None:
    """Give the member a code if she has none."""
    row = {"member_id": member_id, "code": new_code(), "made_at": now}
    insert_once(session, TillCode, row)


def renew(session: Session, member_id: str, now: datetime) -> None:
    """A new code; the old one is unknown from now on."""
    ensure(session, member_id, now)
    session.execute(
        update(TillCode)
        .where(TillCode.member_id == member_id)
        .values(code=new_code(), made_at=now)
        .execution_options(synchronize_session=False)
    )


def of(session: Session, member_id: str) -> str | None:
    """The member's code; None before she prepaid anything or asked for one."""
    return session.scalar(select(TillCode.code).where(TillCode.member_id == member_id))


def address(site: str, code: str, desk: str = DESK) -> str:
    """What the picture of a code says: where the staff's `desk` finds its member."""
    return f"{site.rstrip('/')}{desk}?code={code}"


def read_code(typed: str) -> str:
    """A code as it was typed or scanned, in the form we keep."""
    try:
        scanned = parse_qs(urlsplit(typed.strip()).query).get("code")
    except ValueError:  # brackets that no address has: “http://[”
        scanned = None
    return read_letters(scanned[0] if scanned else typed)


def holder(session: Session, code: str) -> str:
    """Whose code this is; Refused (404) when it is nobody's."""
    found = session.scalar(select(TillCode.member_id).where(TillCode.code == read_code(code)))
    if found is None:
        raise Refused(
            "There is no such code. Ask the member to show the present one again.",
            code="unknown_code",
            field="code",
            status=404,
        )
    return found


def find(session: Session, typed: str) -> str | None:
    """Whom somebody of the staff means: by code, by @handle or by e-mail address."""
    name = typed.strip()
    known = session.scalar(select(TillCode.member_id).where(TillCode.code == read_code(name)))
    return known or handles.find(session, name)
