"""Pages: the inverted funnel, and who stands where and why."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template, request
from sqlalchemy import select

from foundation.doors import reading
from funnel import queries
from funnel.rules import KEYS, STAGES
from members.models import Member
from members.session import requires

bp = Blueprint("funnel", __name__)


@bp.get("/funnel")
@requires("funnel.see")
def index() -> Any:
    """The horn with its numbers, and what carries people on."""
    with reading() as session:
        counts = queries.counts(session)
    horn = [(each.name, n, each.meaning, f"/funnel/{each.key}") for each, n in counts]
    return render_template(
        "funnel/index.html", horn=horn, counts=counts, everybody=sum(n for _, n in counts)
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
    place = KEYS.index(stage)
    return render_template(
        "funnel/stage.html",
        stage=STAGES[place],
        before=STAGES[place - 1] if place else None,
        stages=[(f"/funnel/{each.key}", each.name, n) for each, n in counts],
        page=page,
    )


@bp.get("/funnel/members/<handle>")
@requires("funnel.see")
def member(handle: str) -> Any:
    """One member's way through the stages."""
    with reading() as session:
        found = session.scalars(select(Member).where(Member.handle == handle)).first() or abort(404)
        way = queries.way_of(session, found.id)
    return render_template("funnel/member.html", member=found, way=way)
