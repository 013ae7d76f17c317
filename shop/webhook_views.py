"""POST /webhooks/shop: signed after the Standard Webhooks specification, version 1."""

from __future__ import annotations

from typing import Any

import structlog
from flask import Blueprint, current_app, jsonify, request
from standardwebhooks.webhooks import Webhook

from foundation import clock
from foundation.refusal import Refused
from foundation.settings import Settings
from shop import webhook_bodies, webhook_runs

#: Orders are small; a body larger than this is a mistake.
LARGEST_BODY = 256 * 1024

bp = Blueprint("webhooks", __name__)
log = structlog.get_logger("webhooks")


@bp.post("/webhooks/shop")
def receive() -> Any:
    """Check the signature, keep the event, process it. 200: done or known, 202: waiting."""
    body = _signed_body()
    now = clock.now()
    event = webhook_bodies.read(body, now)
    state = webhook_runs.receive(request.headers["webhook-id"], event, body, now)
    return jsonify(status=state), 202 if state == "waiting" else 200


def _signed_body() -> str:
    """The body, if its signature is ours and at most five minutes old or ahead."""
    settings: Settings = current_app.extensions["settings"]
    raw = request.get_data(cache=False)
    try:
        if len(raw) > LARGEST_BODY or len(request.headers.get("webhook-id", "")) > 200:
            raise ValueError("too large")
        body = raw.decode()
        headers = {name: request.headers.get(name, "") for name in HEADERS}
        Webhook(settings.shop_secret()).verify(body, headers, json_parse=False)
    except Exception as problem:  # the library also raises ValueError and binascii.Error
        log.warning("webhook refused", why=repr(problem), address=request.remote_addr)
        raise Refused(
            "The signature does not fit. See docs/webhooks.md for how to sign.",
            code="signature",
            status=400,
        ) from None
    return body


HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
