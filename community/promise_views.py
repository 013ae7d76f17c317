"""The staff's list of what is owed: every question and rant that waits for a badged answer."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from community import queries, rules
from foundation.doors import reading
from foundation.web.pages import render
from members.session import requires

bp = Blueprint("promises", __name__)


@bp.get("/promises")
@requires("promise.see")
def promises() -> Any:
    with reading() as session:
        waiting = queries.open_promises(session)
    return render("community/promises.html", waiting=waiting, kinds=rules.KINDS)
