"""The owner's clubs: opening one, changing one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect

from community import clubs, queries
from community.club_forms import ClubForm, NewClubForm, values_of
from community.forms import form_page
from foundation import clock
from foundation.doors import reading, writing
from foundation.web.forms import refilling
from foundation.words import LANGUAGES, _
from members.session import requires, signed_in

bp = Blueprint("clubs", __name__)

TEMPLATE = "community/edit_club.html"


@bp.route("/clubs/new", methods=["GET", "POST"])
@requires("club.edit")
def new() -> Any:
    with reading() as session:
        last = len(queries.clubs(session))
    form = NewClubForm(data={"position": last, "time_zone": signed_in().time_zone})
    if form.validate_on_submit():
        draft = form.draft(form.typed("slug").strip())
        with refilling(form), writing() as session:
            clubs.open_club(session, draft, clock.now())
        if not form.refused:
            flash(_("The club is open."), "good")
            return redirect(f"/clubs/{draft.slug}", 303)
    return form_page(TEMPLATE, form, club=None, languages=LANGUAGES)


@bp.route("/clubs/<slug>/edit", methods=["GET", "POST"])
@requires("club.edit")
def edit(slug: str) -> Any:
    with reading() as session:
        club = queries.club(session, slug) or abort(404)
    form = ClubForm(data=values_of(club))
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            clubs.change(session, club.id, form.draft(slug))
        if not form.refused:
            flash(_("Saved. Everybody sees it from now on."), "good")
            return redirect(f"/clubs/{slug}", 303)
    return form_page(TEMPLATE, form, club=club, languages=LANGUAGES)
