"""Clicking: the one thing here that happens at every visit of a link."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from foundation.quick import tell
from foundation.tables import UtcMoment

# The code is checked and the click written in one statement; its trigger counts (migration 0800).
CLICK = (
    "insert into referral_click (code, channel, landing, at)"
    " select code, ?, ?, ? from referral_code where code = ? and revoked_at is null"
)
CLICK_WITHIN = (
    "insert into referral_click (code, channel, landing, at)"
    " select code, :channel, :landing, :at from referral_code"
    " where code = :code and revoked_at is null"
)


def click(code: str, channel: str, landing: str, now: datetime) -> bool:
    """Count a click, durably, before anything else; False for a code unknown or revoked."""
    return tell(CLICK, channel, landing, now, code) == 1


def click_within(session: Session, code: str, channel: str, landing: str, now: datetime) -> bool:
    """The same inside somebody's transaction: for the demo's months, where `tell` would wait."""
    statement = text(CLICK_WITHIN).bindparams(bindparam("at", type_=UtcMoment()))
    values = {"channel": channel, "landing": landing, "at": now, "code": code}
    return bool(session.execute(statement, values).rowcount)  # type: ignore[attr-defined]
