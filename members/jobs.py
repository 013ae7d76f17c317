"""What the members' room does by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from foundation.doors import writing
from foundation.jobs import Job
from members import proofs, signing_in


def sweep(now: datetime) -> str:
    """Forget old proofs and sign-ins."""
    with writing() as session:
        return f"{proofs.sweep(session, now)} proofs, {signing_in.sweep(session, now)} sign-ins"


JOBS = (Job("members.sweep", timedelta(hours=6), sweep),)
