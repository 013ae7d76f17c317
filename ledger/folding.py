"""Adding up deferred accounts.

Every grant debits the programme's `issued` account. Were its balance moved each time, all grants
would queue for one row until the commit reached the disk (1,400 per second measured with bare
functions, 2,700 without the queue). So on PostgreSQL a transfer writes its entry there but leaves
the balance, and this job adds up what has settled.
`statements.balance` and the trial balance are exact at any time: they add the rest themselves.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from foundation.doors import writing
from foundation.jobs import Job, Summary
from foundation.words import lazy
from ledger.models import balance as balances


def fold(session: Session) -> int:
    """Add settled entries to the balances of deferred accounts; how many they were."""
    deferred = session.scalars(select(balances.c.account_id).where(balances.c.deferred)).all()
    one = text("select ledger_fold(:account)")
    return sum(session.execute(one, {"account": each}).scalar_one() for each in deferred)


def run(now: datetime) -> str:
    """The periodic job."""
    with writing() as session:
        return Summary("Entries added up: %(count)s", count=fold(session))


JOB = Job("ledger.fold", timedelta(minutes=1), run, lazy("Add up the busiest accounts"))
