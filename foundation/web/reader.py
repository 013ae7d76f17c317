"""Whoever reads the page, without Flask-Login's proxy: a look through it costs ten microseconds."""

from __future__ import annotations

from typing import Any

from flask import g
from flask_login import current_user


def reader() -> Any:
    """The signed-in member behind the request; None for a visitor, or while nobody can be asked."""
    if g.get("asks_nobody"):
        return None
    who = current_user._get_current_object()
    return who if who.is_authenticated else None
