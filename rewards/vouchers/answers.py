"""Idempotency-Key: the same request again gets the answer it got, and does nothing.

The answer is kept in the transaction that did it. A request that was refused changed nothing, so
nothing is kept of it and it may be sent again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from foundation.doors import writing
from foundation.jobs import Summary
from foundation.once import insert_once
from foundation.refusal import Refused
from rewards.catalogue.models import ApiAnswer

#: How long an answer is kept; a till that asks again after a month asks something new.
KEPT = timedelta(days=30)
LONGEST_KEY = 200


def once(
    session: Session,
    api_key_id: str,
    key: str | None,
    request: bytes,
    now: datetime,
    act: Callable[[], dict[str, Any]],
) -> dict[str, Any]:
    """What `act` answers, or what it answered before to the same `key` of the same machine.

    Refused when the key was used for another request.
    """
    if not key:
        return act()
    if len(key) > LONGEST_KEY:
        raise Refused("The Idempotency-Key is too long.", code="idempotency_key", status=400)
    row = {
        "api_key_id": api_key_id,
        "key": key,
        "request_hash": hashlib.sha256(request).hexdigest(),
        "answer": {},
        "at": now,
    }
    if not insert_once(session, ApiAnswer, row):
        return _before(session, api_key_id, key, str(row["request_hash"]))
    answer = act()
    session.execute(
        update(ApiAnswer)
        .where(ApiAnswer.api_key_id == api_key_id, ApiAnswer.key == key)
        .values(answer=answer)
        .execution_options(synchronize_session=False)
    )
    return answer


def forget(now: datetime) -> str:
    """Job: forget answers older than `KEPT`."""
    with writing() as session:
        gone = session.execute(delete(ApiAnswer).where(ApiAnswer.at < now - KEPT))
        return Summary("Answers forgotten: %(count)s", count=gone.rowcount)  # type: ignore[attr-defined]


def _before(session: Session, api_key_id: str, key: str, request_hash: str) -> dict[str, Any]:
    known = session.get_one(ApiAnswer, (api_key_id, key), populate_existing=True)
    if known.request_hash != request_hash:
        raise Refused(
            "This Idempotency-Key was used for another request. Take a new one.",
            code="idempotency_conflict",
        )
    return known.answer
