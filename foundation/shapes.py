"""What machines send us: strict shapes, so that a typo is an answer and not a silence."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator


class Shape(BaseModel):
    """Nothing unknown, nothing guessed: no number where a text belongs, and no text with a NUL,
    which SQLite would keep and PostgreSQL cannot."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    @field_validator("*")
    @classmethod
    def holds_no_nul(cls, value: Any) -> Any:
        if isinstance(value, str) and "\x00" in value:
            raise ValueError("no text may hold the character U+0000")
        return value


def why_of(message: str) -> str:
    """What pydantic has against a field, without its word for our own objections."""
    return message.removeprefix("Value error, ").removesuffix(".")
