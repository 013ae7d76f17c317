"""Is it alive (`/healthz`), and can it serve (`/readyz`)? For load balancers and people."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, jsonify

from foundation import schema
from foundation.quick import ask
from foundation.web import throttle

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def alive() -> Any:
    """200 as long as the process answers."""
    return jsonify(status="ok")


@bp.get("/readyz")
def ready() -> Any:
    """200 when the database answers, its schema is current and throttles can count; else 503."""
    settings = current_app.extensions["settings"]
    checks = {
        "database": _passes(lambda: bool(ask("select 1"))),
        "schema": _passes(lambda: schema.is_current(settings.url)),
        "throttles": _passes(lambda: throttle.storage().check()),
    }
    is_ready = all(checks.values())
    return jsonify(
        status="ok" if is_ready else "not ready", checks=checks
    ), 200 if is_ready else 503


def _passes(check: Any) -> bool:
    try:
        return bool(check())
    except Exception:
        current_app.logger.exception("a readiness check failed")
        return False
