"""Clicking: the one thing here that happens at every visit of a link."""

from __future__ import annotations

from datetime import datetime

from foundation.quick import tell

# The code is checked and the click written in one statement; its trigger counts (migration 0800).
CLICK = (
    "insert into referral_click (code, channel, landing, at)"
    " select code, ?, ?, ? from referral_code where code = ? and revoked_at is null"
)


def click(code: str, channel: str, landing: str, now: datetime) -> bool:
    """Count a click, durably, before anything else; False for a code unknown or revoked."""
    return tell(CLICK, channel, landing, now, code) == 1
