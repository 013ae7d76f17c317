"""Pages of budgets: how far they are used up, and their section of the draft."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request

from foundation import clock
from foundation.doors import reading, writing
from foundation.web.forms import refilling
from foundation.words import _
from members.session import requires, signed_in
from rewards import drafting, explaining, explaining_rules, programme
from rewards.budgets import queries
from rewards.budgets.forms import BudgetsForm, filled

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


@bp.get("/programme/draft/budgets")
@requires("programme.edit")
def edit() -> Any:
    """The budgets of the draft."""
    with reading() as session:
        draft = programme.draft(session)
    if draft is None:
        return redirect("/programme", 303)
    return _editor(filled(draft.rules, draft.revision))


def _editor(form: BudgetsForm, status: int = 200) -> Any:
    with reading() as session:
        draft, latest = drafting.needed(session), programme.latest(session)
    form.offer(draft.rules)
    changes = explaining.changes(latest.rules, draft.rules) if latest else []
    page = render_template(
        "rewards/budgets/draft_budgets.html", form=form, draft=draft, changes=changes
    )
    return page, status


@bp.post("/programme/draft/budgets")
@requires("programme.edit")
def change() -> Any:
    """Keep the budgets, or add or move a row as its button asks."""
    form = BudgetsForm()
    with reading() as session:
        draft = drafting.needed(session)
    form.offer(draft.rules)
    if form.arrange(request.form.get("act", "save")):
        return _editor(form)
    rules = form.changed(draft.rules) if form.validate_on_submit() else None
    if rules is None:
        return _editor(form, 422)
    with refilling(form), writing() as session:
        revision = int(form.revision.data or 0)
        drafting.change(session, signed_in().id, rules, draft.note, revision, clock.now())
    if form.refused:
        return _editor(form, 409)
    flash(_("The draft is kept. Nobody but owners sees it until you publish it."), "good")
    return redirect("/programme/draft/budgets", 303)
