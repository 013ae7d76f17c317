"""The page of standing: a member's own."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from foundation import clock
from foundation.doors import reading
from members.session import members_only, signed_in
from rewards.standing import explaining as standing_explaining
from rewards.standing import queries

bp = Blueprint("standing", __name__)
for each in (
    standing_explaining.components,
    standing_explaining.window,
    standing_explaining.keeping,
    standing_explaining.tier_needs,
):
    bp.add_app_template_global(each, f"standing_{each.__name__}")


@bp.get("/me/standing")
@members_only
def mine() -> Any:
    """Her standing, how it adds up, what would move her up, and every change of it."""
    with reading() as session:
        page = queries.mine(session, signed_in().id, clock.now(), request.args.get("page"))
    return render_template("rewards/standing/my_standing.html", page=page)
