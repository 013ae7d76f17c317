"""What the members' room does by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from foundation.doors import writing
from foundation.jobs import Job, Summary
from foundation.words import lazy
from members import proofs, signing_in


def sweep(now: datetime) -> str:
    """Forget old proofs and sign-ins."""
    with writing() as session:
        return Summary(
            "Links forgotten: %(links)s; sign-ins forgotten: %(sign_ins)s",
            links=proofs.sweep(session, now),
            sign_ins=signing_in.sweep(session, now),
        )


JOBS = (Job("members.sweep", timedelta(hours=6), sweep, lazy("Forget old links and sign-ins")),)
