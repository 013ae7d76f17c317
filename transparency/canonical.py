"""One way to write a thing down, so that everybody hashes the same bytes.

The form is that of RFC 8785 (JSON Canonicalization Scheme) for the values we allow: strings,
whole numbers, true, false, null, lists and objects. Keys are sorted by their UTF-16 code units,
nothing is padded, text is UTF-8. Fractions are refused, because languages print them differently;
so are whole numbers beyond 2^53, which JavaScript cannot hold.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

LARGEST_NUMBER = 2**53 - 1  # the largest that JavaScript keeps exactly


def canonical(value: object) -> bytes:
    """The bytes of `value`; TypeError or ValueError for what has no single way to be written."""
    return json.dumps(
        _sorted(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode()


def moment_text(moment: datetime) -> str:
    """An instant as the log writes it: UTC, always six decimals, `2026-11-22T02:30:00.000000Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _sorted(value: object) -> Any:
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        if abs(value) > LARGEST_NUMBER:
            raise ValueError(f"{value} is too large to be written the same way everywhere")
        return value
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value, key=_code_units)}
    if isinstance(value, list | tuple):
        return [_sorted(item) for item in value]
    raise TypeError(f"{type(value).__name__} cannot be put in the log: write it as text")


def _code_units(key: object) -> bytes:
    if not isinstance(key, str):
        raise TypeError("keys of what goes in the log are text")
    return key.encode("utf-16-be", "surrogatepass")
