"""Pages: the inverted funnel, and who stands where and why."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template, request

from foundation.doors import reading
from funnel import queries
from funnel.rules import KEYS, STAGES
from members.session import requires

bp = Blueprint("funnel", __name__)


@bp.get("/funnel")
@requires("funnel.see")
def index() -> Any:
    """The horn with its numbers, and what carries people on."""
    with reading() as session:
        counts = queries.counts(session)
    return render_template(
        "funnel/index.html", counts=counts, everybody=sum(count for _, count in counts)
    )


@bp.get("/funnel/<stage>")
@requires("funnel.see")
def stage(stage: str) -> Any:
    """The members in a stage, with the facts that put them there."""
    if stage not in KEYS:
        abort(404)
    with reading() as session:
        counts = queries.counts(session)
        page = queries.in_stage(session, stage, request.args.get("page"))
    return render_template(
        "funnel/stage.html", stage=STAGES[KEYS.index(stage)], counts=counts, page=page
    )
