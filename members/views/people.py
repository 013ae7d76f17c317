"""People: a member's own page, her public one, and who holds which role."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template
from markupsafe import Markup

from foundation import clock
from foundation.doors import reading, writing
from foundation.web.forms import refilling
from foundation.words import _
from members import page, queries, roles
from members.forms import ROLE_NAMES, RoleForm
from members.session import members_only, requires, signed_in

bp = Blueprint("people", __name__)


@bp.get("/me")
@members_only
def me() -> Any:
    """What the rooms have to say to the member about herself."""
    who = signed_in()
    return render_template("members/me.html", member=who, cards=_drawn(page.CARDS, who.id))


@bp.get("/members/<handle>")
def profile(handle: str) -> Any:
    with reading() as db:
        found = queries.profile(db, handle)
    if found is None:
        abort(404)
    sections = _drawn(page.SECTIONS, found.id)
    return render_template("members/profile.html", member=found, sections=sections)


@bp.route("/roles", methods=["GET", "POST"])
@requires("roles.grant")
def granting() -> Any:
    """Who holds which role; the owner gives and takes them."""
    form = RoleForm()
    if form.validate_on_submit():
        with refilling(form), writing() as db:
            roles.grant(db, signed_in().id, form.typed("email"), form.typed("role"), clock.now())
        if not form.refused:
            flash(_("Saved."), "good")
            return redirect("/roles", 303)
    with reading() as db:
        holders, history = roles.holders(db), roles.history(db)
    page_ = render_template(
        "members/roles.html", form=form, holders=holders, history=history, names=ROLE_NAMES
    )
    return page_, 422 if form.errors else 200


def _drawn(places: list[page.Show], member_id: str) -> list[Markup]:
    return [
        Markup(render_template(card.template, **card.context))  # noqa: S704 - autoescaped there
        for card in page.shown(places, member_id)
    ]
