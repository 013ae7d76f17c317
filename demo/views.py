"""The demo's postbox: a newcomer without a mail server reads the letter that lets her in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, make_response, render_template

from demo import postbox as letters
from foundation import clock
from foundation.doors import reading
from foundation.web import postbox

bp = Blueprint("demo", __name__)

#: Seconds after which the page looks again: the worker writes letters, not the request.
LOOK_AGAIN = 5


@bp.get(postbox.PATH)
def waiting() -> Any:
    """What waits, newest first; it looks again by itself, without script."""
    _open_only()
    with reading() as session:
        found = letters.waiting(session, clock.now())
    answer = make_response(render_template("demo/postbox.html", letters=found))
    answer.headers["Refresh"] = str(LOOK_AGAIN)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.get(f"{postbox.PATH}/<message_id>")
def letter(message_id: str) -> Any:
    _open_only()
    with reading() as session:
        found = letters.one(session, message_id, clock.now()) or abort(404)
    answer = make_response(render_template("demo/letter.html", letter=found))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _open_only() -> None:
    if not postbox.is_open():
        abort(404)
