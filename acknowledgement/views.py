"""The staff's page of what was acknowledged, rendered from the rules."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from acknowledgement import queries, rules
from foundation import clock, figures
from foundation.doors import reading
from foundation.web.pages import render
from members.session import requires
from shop import told_facts

bp = Blueprint("acknowledgement", __name__)


@bp.get("/acknowledgements")
@requires("acknowledgement.see")
def acknowledgements() -> Any:
    """The rules with their counts, and the latest acknowledgements."""
    counts = figures.counted(queries.FIGURES, queries.count, clock.now())
    with reading() as session:
        page = queries.latest(session, request.args.get("page"))
    names = {rule.name: rule for rule in rules.THANKS}
    return render(
        "acknowledgement/rules.html",
        counted=queries.counted(counts.document),
        counted_at=counts.at,
        page=page,
        rules=names,
        told=told_facts.WORDS,
    )
