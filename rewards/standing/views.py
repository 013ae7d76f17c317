"""Pages of standing: a member's own, and the section of the draft."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request

from foundation import clock
from foundation.doors import reading, writing
from foundation.web.forms import refilling
from foundation.words import _
from members.session import members_only, requires, signed_in
from rewards import drafting, explaining, programme
from rewards.standing import explaining as standing_explaining
from rewards.standing import queries
from rewards.standing.forms import StandingForm, filled

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


@bp.get("/programme/draft/standing")
@requires("programme.edit")
def edit() -> Any:
    """Standing and tiers of the draft."""
    with reading() as session:
        draft = programme.draft(session)
    if draft is None:
        return redirect("/programme", 303)
    return _editor(filled(draft.rules, draft.revision))


def _editor(form: StandingForm, status: int = 200) -> Any:
    with reading() as session:
        draft, latest = drafting.needed(session), programme.latest(session)
    changes = explaining.changes(latest.rules, draft.rules) if latest else []
    page = render_template(
        "rewards/standing/draft_standing.html", form=form, draft=draft, changes=changes
    )
    return page, status


@bp.post("/programme/draft/standing")
@requires("programme.edit")
def change() -> Any:
    """Keep standing and tiers, or add, move or remove a tier as its button asks."""
    form = StandingForm()
    with reading() as session:
        draft = drafting.needed(session)
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
    return redirect("/programme/draft/standing", 303)
