"""Whoever reads the page, without Flask-Login's proxy: a look through it costs ten microseconds."""

from __future__ import annotations

from typing import Any

from flask_login import current_user


def reader() -> Any:
    """The signed-in member behind the request, or None for a visitor."""
    who = current_user._get_current_object()
    return who if who.is_authenticated else None
