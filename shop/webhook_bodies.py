"""What a shop's webhooks say: strict shapes, so that a typo is an answer and not a silence."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from foundation.refusal import Refused
from foundation.shapes import AN_AMOUNT, Currency, Reference, Shape, why_of, written_as
from foundation.words import _

#: A date further ahead than this is a wrong clock or a wrong zone.
AHEAD = timedelta(minutes=5)

Amount = Annotated[str, written_as(r"[0-9]{1,13}(\.[0-9]{1,4})?", AN_AMOUNT)]


class Buyer(Shape):
    """Who bought: the shop's own customer number, an address, or both."""

    id: Annotated[str, Field(max_length=100)] | None = None
    email: Annotated[str, Field(max_length=254)] | None = None
    name: Annotated[str, Field(max_length=200)] | None = None
    language: Literal["en", "zh_Hans", "zh_Hant"] | None = None

    @model_validator(mode="after")
    def is_somebody(self) -> Buyer:
        if not self.id and not self.email:
            raise ValueError(_("give id or email"))
        return self


class Line(Shape):
    """One position; `product` is a product's slug (your SKU), `amount` the whole line."""

    title: Annotated[str, Field(max_length=300)]
    quantity: Annotated[int, Field(gt=0, lt=2**31)] = 1
    amount: Amount
    product: str | None = None


class Sale(Shape):
    """An order with all that matters about it."""

    order: Reference
    customer: Buyer
    total: Amount
    currency: Currency
    lines: list[Line] = Field(default_factory=list, max_length=500)
    promised_on: date | None = None


class Shipping(Shape):
    order: Reference
    promised_on: date | None = None


class Step(Shape):
    order: Reference


class GivenBack(Shape):
    """A refund, whole or partial; `refund` is its own number."""

    order: Reference
    refund: Reference
    amount: Amount


class Event(Shape):
    """What every event has: its type, and when it happened."""

    timestamp: AwareDatetime


class Placed(Event):
    type: Literal["order.placed"]
    data: Sale


class Paid(Event):
    type: Literal["order.paid"]
    data: Sale


class Shipped(Event):
    type: Literal["order.shipped"]
    data: Shipping


class Delivered(Event):
    type: Literal["order.delivered"]
    data: Step


class Cancelled(Event):
    type: Literal["order.cancelled"]
    data: Step


class Refunded(Event):
    type: Literal["order.refunded"]
    data: GivenBack


AnyEvent = Placed | Paid | Shipped | Delivered | Cancelled | Refunded
KINDS = ("placed", "paid", "shipped", "delivered", "cancelled", "refunded")
_shape: TypeAdapter[AnyEvent] = TypeAdapter(Annotated[AnyEvent, Field(discriminator="type")])


def read(body: str | bytes, now: datetime) -> AnyEvent:
    """The event in a body; Refused, naming the field, when it is not as described."""
    try:
        event = _shape.validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = _field(first["loc"], first["type"])
        raise Refused(
            "The field %(name)s is not right: %(why)s.",
            code="body",
            field=field,
            name=field,
            why=why_of(first),
        ) from None
    if event.timestamp > now + AHEAD:
        raise Refused(
            "The field timestamp lies in the future. Check the shop's clock and time zone.",
            code="body",
            field="timestamp",
        )
    return event


def _field(loc: tuple[int | str, ...], kind: str) -> str:
    if kind.startswith("union_tag"):
        return "type"
    path = [str(part) for part in loc if not str(part).startswith("order.")]
    return ".".join(path) or "body"


def example(kind: str, order: str, now: datetime, **more: Any) -> str:
    """A believable body, for trying out and for the documentation.

    ValueError for something in `more` that this kind of event does not tell.
    """
    sale = {
        "order": order,
        "customer": {"email": "ben@example.com", "name": "Ben Baker"},
        "total": "42.00",
        "currency": "USD",
        "lines": [{"title": "Yunnan Black, 100 g", "quantity": 3, "amount": "42.00"}],
        "promised_on": (now + timedelta(days=4)).date().isoformat(),
    }
    data: dict[str, dict[str, Any]] = {
        "order.placed": sale,
        "order.paid": sale,
        "order.shipped": {"order": order, "promised_on": sale["promised_on"]},
        "order.delivered": {"order": order},
        "order.cancelled": {"order": order},
        "order.refunded": {"order": order, "refund": f"{order}-r1", "amount": "14.00"},
    }
    if unknown := sorted(more.keys() - data[kind].keys()):
        raise ValueError(f"{kind} tells nothing of {', '.join(unknown)}.")
    moment = now.replace(microsecond=0).isoformat().replace("+00:00", "Z")
    body = {"type": kind, "timestamp": moment, "data": data[kind] | more}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
