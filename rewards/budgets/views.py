"""The page of budgets: how far they are used up."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from foundation import clock
from foundation.doors import reading
from members.session import requires
from rewards import explaining_rules, programme
from rewards.budgets import queries

bp = Blueprint("budgets", __name__)


@bp.get("/programme/budgets")
@requires("programme.edit")
def used() -> Any:
    """How far the budgets in force are used up."""
    with reading() as session:
        page = queries.used(session, clock.now())
        has_draft = programme.draft(session) is not None
    version, rows = page or (None, [])
    return render_template(
        "rewards/budgets/budgets.html",
        version=version,
        rows=rows,
        has_draft=has_draft,
        in_words=explaining_rules,
    )
