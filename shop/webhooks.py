"""What a shop's webhooks bring about.

An event is kept before anything is done about it, once per webhook id. News about an order we do
not know yet, or a refund of one that is not paid yet, waits for what came before it; so the order
in which webhooks arrive does not matter. What fails keeps its error and is tried again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from foundation import outbox
from foundation.money import parse_amount
from foundation.once import insert_once
from foundation.refusal import Refused
from foundation.tables import new_id
from members.joining import known_customer
from shop import ordering, webhook_bodies
from shop.models import InboundEvent, Order
from shop.ordering import LineDraft, OrderDraft
from shop.webhook_bodies import AnyEvent, Refunded, Sale, Shipped

#: Refusals that the missing news will cure.
WAITING = frozenset({"unknown_order", "not_paid"})


def keep(session: Session, webhook_id: str, event: AnyEvent, body: str, now: datetime) -> str:
    """Keep an event as it came in; the identifier of its row, also when it came before."""
    values = {
        "id": new_id(now),
        "webhook_id": webhook_id,
        "kind": event.type,
        "order_number": event.data.order,
        "body": body,
        "received_at": now,
        "due_at": now + outbox.FIRST_PAUSE,  # should this process die before the next step
        "attempts": 0,
    }
    if insert_once(session, InboundEvent, values):
        return str(values["id"])
    known = select(InboundEvent.id).where(InboundEvent.webhook_id == webhook_id)
    return session.scalars(known).one()


def process(session: Session, event_id: str, now: datetime) -> bool:
    """Do what an event asks; False when that was done before. Raises what its verb raises."""
    body = session.scalar(
        update(InboundEvent)
        .where(InboundEvent.id == event_id, InboundEvent.processed_at.is_(None))
        .values(processed_at=now, due_at=None, error=None, attempts=InboundEvent.attempts + 1)
        .returning(InboundEvent.body)
        .execution_options(synchronize_session=False)
    )
    if body is None:
        return False
    _act(session, webhook_bodies.read(body, now), now)
    return True


def fail(session: Session, event_id: str, problem: Exception, now: datetime) -> None:
    """Keep why an event could not be processed, and when to try again (if that may help)."""
    event = session.get(InboundEvent, event_id, with_for_update=True)
    if event is None or event.processed_at is not None:
        return  # another process was luckier
    event.attempts += 1
    event.error = f"{type(problem).__name__}: {problem}"[:500]
    helps = not isinstance(problem, Refused) or problem.code in WAITING
    tries_left = event.attempts < outbox.MAX_ATTEMPTS
    event.due_at = now + outbox.pause(event.attempts) if helps and tries_left else None


def waiting_for(session: Session, order_number: str) -> Sequence[str]:
    """Events about an order that have not been processed, oldest first."""
    return session.scalars(
        select(InboundEvent.id)
        .where(InboundEvent.order_number == order_number, InboundEvent.processed_at.is_(None))
        .order_by(InboundEvent.id)
    ).all()


def due(session: Session, now: datetime, limit: int = 100) -> Sequence[str]:
    """Events to be tried again now."""
    return session.scalars(
        select(InboundEvent.id)
        .where(InboundEvent.processed_at.is_(None), InboundEvent.due_at <= now)
        .order_by(InboundEvent.id)
        .limit(limit)
    ).all()


def _act(session: Session, event: AnyEvent, now: datetime) -> None:
    if event.type in ("order.placed", "order.paid"):
        assert isinstance(event.data, Sale)
        draft = _draft(session, event.data, event.timestamp, now)
        if event.type == "order.placed":
            ordering.place(session, draft, now)
        else:
            order = ordering.take_down(session, draft, now)
            ordering.pay(session, order.id, now, at=event.timestamp)
        return
    order = _known(session, event.data.order)
    if isinstance(event, Shipped):
        promised = event.data.promised_on
        ordering.ship(session, order.id, now, at=event.timestamp, promised_on=promised)
    elif isinstance(event, Refunded):
        amount = _amount(event.data.amount, order.currency, "data.amount")
        ordering.refund(session, order.id, amount, event.data.refund, now, at=event.timestamp)
    else:
        step = ordering.deliver if event.type == "order.delivered" else ordering.cancel
        step(session, order.id, now, at=event.timestamp)


def _draft(session: Session, sale: Sale, at: datetime, now: datetime) -> OrderDraft:
    lines = [
        LineDraft(
            line.title,
            line.quantity,
            _amount(line.amount, sale.currency, f"data.lines.{i}.amount"),
            line.product,
        )
        for i, line in enumerate(sale.lines)
    ]
    who = sale.customer
    return OrderDraft(
        number=sale.order,
        member_id=known_customer(
            session,
            now,
            email=who.email,
            customer_ref=who.id,
            name=who.name,
            language=who.language,
            since=at,
        ),
        total=_amount(sale.total, sale.currency, "data.total"),
        currency=sale.currency,
        placed_at=at,
        lines=lines,
        promised_on=sale.promised_on,
    )


def _known(session: Session, number: str) -> Order:
    order = session.scalars(select(Order).where(Order.number == number)).first()
    if order is None:
        raise Refused(
            "Order %(number)s is not known yet. This waits until it is.",
            code="unknown_order",
            field="data.order",
            number=number,
        )
    return order


def _amount(text: str, currency: str, field: str) -> int:
    try:
        return parse_amount(text, currency)
    except Refused as refusal:
        refusal.field = field
        raise
