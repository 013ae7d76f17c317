"""What a till may ask about vouchers, and what it is told: strict shapes, as docs/api-vouchers.md
describes them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, Field, ValidationError

from foundation.money import exponent, major, parse_amount
from foundation.refusal import Refused
from foundation.shapes import (
    AN_AMOUNT,
    Currency,
    Reference,
    Shape,
    refuse_twice,
    why_of,
    written_as,
)
from foundation.words import _
from members import addresses
from rewards.catalogue.models import VoucherUse
from rewards.models import Voucher
from rewards.vouchers.codes import Customer

Total = Annotated[str, written_as(r"[0-9]{1,12}(\.[0-9]{1,3})?", AN_AMOUNT)]


def _address(typed: str) -> str:
    try:
        return addresses.normalise(typed)
    except Refused as refusal:
        raise ValueError(_(refusal.sentence)) from None


class TillShape(Shape):
    """What a till asks."""

    def guesser(self) -> str | None:
        """Against whom wrong codes count, beside the till; None: the till alone."""
        return None


class Buyer(Shape):
    """Who stands at the till: the shop's own customer number, an e-mail address, or both."""

    id: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    email: Annotated[str, Field(max_length=254), AfterValidator(_address)] | None = None


class Validate(TillShape):
    """Is this voucher good for this customer?"""

    code: Annotated[str, Field(min_length=1, max_length=64)]
    customer: Buyer = Buyer()

    def who(self) -> Customer:
        return Customer(self.customer.email, self.customer.id)

    def guesser(self) -> str | None:
        return self.customer.email or self.customer.id


class Redeem(Validate):
    """Take it off this order, which is worth `total` before it, in the voucher's currency."""

    order: Reference
    total: Total | None = None
    currency: Currency | None = None

    def worth(self, currency: str) -> int | None:
        """The total in minor units of the voucher's `currency`; None when the till did not say, or
        says it in another."""
        if self.total is None or self.currency not in (None, currency):
            return None
        try:
            return parse_amount(self.total, currency)
        except Refused as refusal:
            refusal.field = "total"
            raise


class Release(TillShape):
    """The order fell through."""

    code: Annotated[str, Field(min_length=1, max_length=64)]
    order: Reference

    def guesser(self) -> str | None:
        return "release"


Asked = TypeVar("Asked", bound=TillShape)


def read(shape: type[Asked], body: bytes) -> Asked:
    """A body as `shape` wants it; Refused, naming the field, when it is not as described."""
    refuse_twice(body)
    try:
        return shape.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "body"
        raise Refused(
            "The field %(name)s is not right: %(why)s.",
            code="body",
            field=field,
            name=field,
            why=why_of(first),
        ) from None


def told(voucher: Voucher, now: datetime) -> dict[str, Any]:
    """A voucher as a till is told of it; amounts are texts."""
    return {
        "code": voucher.code,
        "state": voucher.state(now),
        "value": _amount(voucher.value, voucher.currency),
        "currency": voucher.currency,
        "uses_left": voucher.uses - voucher.used,
        "expires_at": moment(voucher.expires_at),
        "order_min": _amount(voucher.order_min, voucher.currency),
    }


def _amount(minor: int | None, currency: str) -> str | None:
    return f"{major(minor, currency):.{exponent(currency)}f}" if minor is not None else None


def told_use(voucher: Voucher, use: VoucherUse, now: datetime) -> dict[str, Any]:
    """A use of a voucher as a till is told of it."""
    return told(voucher, now) | {
        "order": use.reference,
        "use": use.id,
        "used_at": moment(use.at),
        "released_at": moment(use.released_at),
    }


def moment(at: datetime | None) -> str | None:
    """An instant in ISO 8601, in UTC to the second."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if at is not None else None
