"""Clicking: the one thing here that happens at every visit of a link."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from foundation.quick import tell
from foundation.tables import UtcMoment
from foundation.together import Together

#: Clicks of one statement. Each number of them is a statement of its own to PostgreSQL.
MOST = 32

# The codes are checked and the clicks written in one statement; its trigger counts. Each code is
# looked up: `code in (select …)` makes SQLite read all codes there are, every time.
CLICK = (
    "with visit (code, channel, landing, at) as (values {})"
    " insert into referral_click (code, channel, landing, at)"
    " select code, channel, landing, at from visit"
    " where exists (select 1 from referral_code as known"
    " where known.code = visit.code and known.revoked_at is null) returning code"
)
CLICK_WITHIN = (
    "insert into referral_click (code, channel, landing, at)"
    " select code, :channel, :landing, :at from referral_code"
    " where code = :code and revoked_at is null"
)


class Visit(NamedTuple):
    """A person opened a link: what is kept of it."""

    code: str
    channel: str
    landing: str
    at: datetime


@cache
def _clicks(count: int) -> str:
    """`CLICK` for so many visits."""
    return CLICK.format(", ".join(["(?, ?, ?, ?)"] * count))


def _keep(visits: Sequence[Visit]) -> list[bool]:
    kept = tell(_clicks(len(visits)), *(value for visit in visits for value in visit))
    known = {code for (code,) in kept}
    return [visit.code in known for visit in visits]


_together: Together[Visit, bool] = Together(_keep, MOST)


def click(code: str, channel: str, landing: str, now: datetime) -> bool:
    """Count a click, durably, before anything else; False for a code unknown or revoked."""
    return _keep([Visit(code, channel, landing, now)])[0]


def click_soon(visit: Visit, then: Callable[[bool | None], None]) -> None:
    """The same together with the clicks of the moment; `then` is told once it is committed.

    None when it could not be written together with the others: click alone.
    """
    _together.ask(visit, then)


def click_within(session: Session, code: str, channel: str, landing: str, now: datetime) -> bool:
    """The same inside somebody's transaction: for the demo's months, where a click would wait."""
    statement = text(CLICK_WITHIN).bindparams(bindparam("at", type_=UtcMoment()))
    values = {"channel": channel, "landing": landing, "at": now, "code": code}
    return bool(session.execute(statement, values).rowcount)  # type: ignore[attr-defined]
