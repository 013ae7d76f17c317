"""The one way a referral changes its state: a guarded update and a row that says who and when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from referral import rules
from referral.models import Referral, Step


def step(
    session: Session,
    referral_id: str,
    state: str,
    at: datetime,
    *,
    reason: str | None = None,
    decided_by: str | None = None,
    **values: Any,
) -> bool:
    """Move a referral on to `state` and set `values`; False when another was quicker.

    Two transactions that want the same referral take turns at its row; the second one finds that
    the state it came from has passed.
    """
    before = [name for name, following in rules.STATES.items() if state in following]
    moved = session.execute(
        update(Referral)
        .where(Referral.id == referral_id, Referral.state.in_(before))
        .values(state=state, **values)
        .returning(Referral.id)
        .execution_options(synchronize_session=False)
    ).first()
    if moved is not None:
        write(session, referral_id, state, at, reason=reason, decided_by=decided_by)
    return moved is not None


def write(
    session: Session,
    referral_id: str,
    state: str,
    at: datetime,
    *,
    reason: str | None = None,
    decided_by: str | None = None,
) -> None:
    """The row of a state that a referral is in from `at` on."""
    session.add(
        Step(
            referral_id=referral_id,
            state=state,
            reason=reason,
            decided_by=decided_by,
            at=at,
        )
    )
    session.flush()
