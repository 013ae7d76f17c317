"""The section of the draft in which an owner says what points buy."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request

from foundation import clock
from foundation.doors import reading, writing
from foundation.web.forms import refilling
from foundation.words import _
from members.session import requires, signed_in
from rewards import drafting, explaining, programme
from rewards.catalogue.draft_forms import CatalogueForm, filled

bp = Blueprint("catalogue_draft", __name__)


@bp.get("/programme/draft/catalogue")
@requires("programme.edit")
def edit() -> Any:
    """The catalogue of the draft."""
    with reading() as session:
        draft = programme.draft(session)
    if draft is None:
        return redirect("/programme", 303)
    return _editor(filled(draft.rules, draft.revision))


def _editor(form: CatalogueForm, status: int = 200) -> Any:
    with reading() as session:
        draft, latest = drafting.needed(session), programme.latest(session)
    form.offer(draft.rules.tiers, draft.rules.currency)
    changes = explaining.changes(latest.rules, draft.rules) if latest else []
    page = render_template(
        "rewards/catalogue/draft_catalogue.html", form=form, draft=draft, changes=changes
    )
    return page, status


@bp.post("/programme/draft/catalogue")
@requires("programme.edit")
def change() -> Any:
    """Keep the catalogue, or add, move or remove a row as its button asks."""
    form = CatalogueForm()
    with reading() as session:
        draft = drafting.needed(session)
    form.offer(draft.rules.tiers, draft.rules.currency)
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
    return redirect("/programme/draft/catalogue", 303)
