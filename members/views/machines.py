"""Keys for machines: an owner makes them, sees when they were used, and revokes them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template

from foundation import clock
from foundation.doors import reading, writing
from foundation.web.forms import refilling
from foundation.words import _
from members import api_keys
from members.forms import ApiKeyForm
from members.session import requires, signed_in

bp = Blueprint("machines", __name__)


@bp.route("/api-keys", methods=["GET", "POST"])
@requires("api_keys.make")
def keys() -> Any:
    """The keys there are; a POST makes one and shows its secret, this once."""
    form, secret = ApiKeyForm(), None
    form.offer(api_keys.SCOPES)
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            name, scopes = form.typed("name"), form.scopes.data or []
            secret = api_keys.make(session, signed_in().id, name, scopes, clock.now())
    with reading() as session:
        lines = api_keys.lines(session)
    page = render_template("members/api_keys.html", form=form, lines=lines, secret=secret)
    return page, (422 if form.errors else 200), {"Cache-Control": "private, no-store"}


@bp.post("/api-keys/<key_id>/revoke")
@requires("api_keys.make")
def revoke(key_id: str) -> Any:
    """End a key."""
    with writing() as session:
        api_keys.revoke(session, key_id, signed_in().id, clock.now())
    flash(_("The key no longer works."), "good")
    return redirect("/api-keys", 303)
