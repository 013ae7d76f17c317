"""What machines send us: strict shapes, so that a typo is an answer and not a silence."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator
from pydantic_core import ErrorDetails

from foundation.refusal import Refused
from foundation.words import _, lazy

#: What pydantic calls wrong, as we say it; placeholders are its own.
WHYS: Mapping[str, Any] = {
    "json_invalid": lazy("this is not JSON"),
    "missing": lazy("it is missing"),
    "extra_forbidden": lazy("there is no such field"),
    "string_type": lazy("it must be a text, in quotation marks"),
    "string_too_short": lazy("it is empty"),
    "string_too_long": lazy("it is longer than %(max_length)s characters"),
    "int_type": lazy("it must be a whole number, without quotation marks"),
    "int_from_float": lazy("it must be a whole number, without quotation marks"),
    "greater_than": lazy("it must be more than %(gt)s"),
    "less_than": lazy("it must be less than %(lt)s"),
    "less_than_equal": lazy("it must be %(le)s at most"),
    "literal_error": lazy("it must be one of these: %(expected)s"),
    "union_tag_invalid": lazy("it must be one of these: %(expected_tags)s"),
    "union_tag_not_found": lazy("it is missing"),
    "model_type": lazy("it must be an object, in braces"),
    "model_attributes_type": lazy("it must be an object, in braces"),
    "list_type": lazy("it must be a list, in brackets"),
    "too_long": lazy("it has more than %(max_length)s entries"),
    "datetime_type": lazy("write it like 2026-03-03T12:00:00Z"),
    "datetime_parsing": lazy("write it like 2026-03-03T12:00:00Z"),
    "datetime_from_date_parsing": lazy("write it like 2026-03-03T12:00:00Z"),
    "timezone_aware": lazy("write it like 2026-03-03T12:00:00Z"),
    "date_type": lazy("write it like 2026-03-03"),
    "date_parsing": lazy("write it like 2026-03-03"),
    "date_from_datetime_parsing": lazy("write it like 2026-03-03"),
}


class Shape(BaseModel):
    """Nothing unknown, nothing guessed: no number where a text belongs, and no text with a NUL,
    which SQLite would keep and PostgreSQL cannot."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    @field_validator("*")
    @classmethod
    def holds_no_nul(cls, value: Any) -> Any:
        if isinstance(value, str) and "\x00" in value:
            raise ValueError(_("no text may hold the character U+0000"))
        return value


def written_as(pattern: str, why: Any) -> AfterValidator:
    """Texts of this pattern only; `why` says how to write one."""
    form = re.compile(pattern)

    def check(text: str) -> str:
        if form.fullmatch(text) is None:
            raise ValueError(str(why))
        return text

    return AfterValidator(check)


#: A number of the shop's own: of an order, a receipt, a refund.
Reference = Annotated[
    str,
    Field(min_length=1, max_length=100),
    written_as(
        r"[^\s\x00-\x1f][^\x00-\x1f]*",
        lazy("it may not begin with a blank nor hold line breaks"),
    ),
]
#: The currency of an order.
Currency = Annotated[str, written_as(r"[A-Z]{3}", lazy("write three capital letters such as USD"))]
#: How an amount of money is to be written.
AN_AMOUNT = lazy("write an amount like 42.50")


def refuse_twice(body: bytes) -> None:
    """Refused when a field is there twice: whoever reads JSON takes one of them and says nothing.

    What is no JSON at all is for the shape to say.
    """
    with suppress(ValueError, RecursionError):
        json.loads(body, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> None:
    names = Counter(name for name, _value in pairs)
    if names and (most := names.most_common(1)[0])[1] > 1:
        raise Refused(
            "The field %(name)s is there twice. Send it once.",
            code="body",
            field=most[0],
            name=most[0],
        )


def why_of(error: ErrorDetails) -> str:
    """What is wrong with a field, in the reader's language: half a sentence."""
    known = WHYS.get(error["type"])
    if known is not None:
        return str(known) % error.get("ctx", {})
    return error["msg"].removeprefix("Value error, ").removesuffix(".").removesuffix("。")
