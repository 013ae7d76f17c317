"""Consent: what a member agreed to hear, per channel and category.

Order news and letters about the account belong to what she asked for and need no consent; all
else does, and nobody who never signed up has given any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from foundation.once import insert_once
from foundation.tables import new_id
from members.models import Consent

Category = Literal["orders", "account", "rewards", "community", "news"]

TRANSACTIONAL: frozenset[str] = frozenset({"orders", "account"})
OPTIONAL: tuple[Category, ...] = ("rewards", "community", "news")
CHANNELS: tuple[str, ...] = ("mail",)

#: What the boxes of the sign-up form say before she touches them; advertising is never on.
AT_SIGN_UP: Mapping[str, bool] = {"rewards": True, "community": True, "news": False}


def give(
    session: Session,
    member_id: str,
    choices: Mapping[str, bool],
    now: datetime,
    *,
    channel: str = "mail",
) -> None:
    """Keep what a member chose, and when; categories not named stay as they were."""
    for category, given in choices.items():
        key = {"member_id": member_id, "channel": channel, "category": category}
        fresh = {"id": new_id(now), "given": given, "changed_at": now}
        if not insert_once(session, Consent, key | fresh):
            session.execute(
                update(Consent)
                .where(
                    Consent.member_id == member_id,
                    Consent.channel == channel,
                    Consent.category == category,
                    Consent.given.is_not(given),
                )
                .values(given=given, changed_at=now)
                .execution_options(synchronize_session=False)
            )


def choices(session: Session, member_id: str, *, channel: str = "mail") -> dict[str, bool]:
    """What a member chose for every optional category; False where she never did."""
    rows = session.execute(
        select(Consent.category, Consent.given).where(
            Consent.member_id == member_id, Consent.channel == channel
        )
    )
    chosen: dict[str, bool] = dict(rows.all())
    return {category: chosen.get(category, False) for category in OPTIONAL}


def allows(session: Session, member_id: str, category: str, *, channel: str = "mail") -> bool:
    """Whether a letter of `category` may go to the member over `channel`."""
    return bool(allowing(session, [member_id], category, channel=channel))


def allowing(
    session: Session, member_ids: Iterable[str], category: str, *, channel: str = "mail"
) -> set[str]:
    """Those of `member_ids` who may be told of `category` over `channel`."""
    wanted = list(dict.fromkeys(member_ids))
    if category in TRANSACTIONAL:
        return set(wanted)
    agreed: set[str] = set()
    for start in range(0, len(wanted), 500):
        agreed.update(
            session.scalars(
                select(Consent.member_id).where(
                    Consent.member_id.in_(wanted[start : start + 500]),
                    Consent.channel == channel,
                    Consent.category == category,
                    Consent.given.is_(True),
                )
            )
        )
    return agreed
