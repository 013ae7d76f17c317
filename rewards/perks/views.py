"""Pages of perks: a member's own, and what owners gave to single ones."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template

from foundation import clock
from foundation.doors import reading, writing
from foundation.tables import new_id
from foundation.web.forms import choices, refilling
from foundation.words import _, text_in
from members.session import members_only, requires, signed_in
from rewards import explaining_rules, programme
from rewards.perks import explaining as perk_explaining
from rewards.perks import granting, queries
from rewards.perks.forms import GrantForm, ReasonForm

bp = Blueprint("perks", __name__)
bp.add_app_template_global(perk_explaining.sentences, "sentences_of_perk")
bp.add_app_template_global(explaining_rules.second_account, "second_account")


@bp.get("/me/perks")
@members_only
def mine() -> Any:
    """What she is entitled to, from where and until when; and what others have."""
    now = clock.now()
    with reading() as session:
        page = queries.mine(session, signed_in().id, now)
    return render_template("rewards/perks/my_perks.html", page=page, now=now)


# What owners give to single members.


@bp.route("/programme/perks", methods=["GET", "POST"])
@requires("perk.grant")
def given() -> Any:
    """Who was given what, and the form for one more."""
    now, form = clock.now(), GrantForm()
    with reading() as session:
        rules = programme.current(session)
        rows = queries.given(session)
    perks = rules.perks if rules else ()
    form.perk.choices = choices((perk.key, text_in(perk.name)) for perk in perks)
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            granting.grant(session, signed_in().id, form.draft(), now)
        if not form.refused:
            flash(_("Given. The member has been told."), "good")
            return redirect("/programme/perks", 303)
    if form.refused or not form.is_submitted():
        form.request_key.data = new_id(now)
    page = render_template(
        "rewards/perks/given_perks.html", form=form, rows=rows, rules=rules, now=now
    )
    return page, (422 if form.errors else 200)


@bp.route("/programme/perks/<entitlement_id>", methods=["GET", "POST"])
@requires("perk.grant")
def take_back(entitlement_id: str) -> Any:
    """One perk of one member, and the form that takes it back."""
    form = ReasonForm()
    with reading() as session:
        row = queries.one(session, entitlement_id) or abort(404)
        rules = programme.current(session)
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            reason = form.typed("reason")
            granting.revoke(session, signed_in().id, entitlement_id, reason, clock.now())
        if not form.refused:
            flash(_("Taken back. The member has been told."), "good")
            return redirect("/programme/perks", 303)
    page = render_template(
        "rewards/perks/given_perk.html", form=form, row=row, rules=rules, now=clock.now()
    )
    return page, (422 if form.errors else 200)
