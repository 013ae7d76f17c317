"""What must be true of budgets: a counter is what the grants add up to."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from rewards.budgets.granted import granted
from rewards.budgets.models import BudgetCount


def audit(session: Session) -> list[str]:
    """A sentence for every counter that does not say what the grants say."""
    findings = []
    for count in session.scalars(select(BudgetCount).order_by(BudgetCount.period)):
        really = granted(session, count.scope, count.period)
        if really != count.committed:
            findings.append(
                f"budget {count.scope} of {count.period} says {count.committed}, grants {really}"
            )
    return findings
