"""The first steps of a new house: what an owner still has to do, on her own page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from community.models import Club
from foundation.doors import reading
from foundation.words import lazy
from members.models import Member
from members.page import Card
from members.permissions import may
from rewards.models import ProgrammeVersion
from shop.models import InboundEvent, Order, Product


@dataclass(frozen=True)
class Step:
    """One thing to do: its name, why, and where (None: not on a page)."""

    name: Any
    why: Any
    href: str | None
    is_done: bool


def show(member_id: str) -> Card | None:
    """What is left to do; nothing for others than owners, and nothing once all is done."""
    with reading() as session:
        role = session.scalar(select(Member.role).where(Member.id == member_id))
        todo = steps(session) if may(role, "shop.edit") else []
    if all(step.is_done for step in todo):
        return None
    return Card("funnel/first_steps.html", {"todo": todo})


def steps(session: Session) -> Sequence[Step]:
    """The steps, each with what the database says about it."""
    newest_source = session.scalar(select(Order.source).order_by(Order.id.desc()).limit(1))
    return (
        Step(
            lazy("Add a product"),
            lazy("Customers review products; orders name them."),
            "/products/new",
            _is_any(session, Product.id),
        ),
        Step(
            lazy("Open a club"),
            lazy("Where customers ask, praise and complain, and you answer."),
            "/clubs/new",
            _is_any(session, Club.id),
        ),
        Step(
            lazy("Publish the rewards programme"),
            lazy("Until then nothing earns points."),
            "/programme",
            _is_any(session, ProgrammeVersion.id),
        ),
        Step(
            lazy("Bring in your orders"),
            lazy("So that customers who bought before are known when they join."),
            "/orders/import",
            newest_source is not None,
        ),
        Step(
            lazy("Connect your shop"),
            lazy("It signs each new order with the webhook secret: see docs/webhooks.md."),
            None,
            newest_source in ("webhook", "demo") or _is_any(session, InboundEvent.id),
        ),
    )


def _is_any(session: Session, column: Any) -> bool:
    return session.scalar(select(column).limit(1)) is not None
