"""Settings: profile, address, password, browsers signed in, letters."""

from __future__ import annotations

import time
from typing import Any

import structlog
from flask import Blueprint, Response, flash, g, redirect, render_template
from sqlalchemy.exc import OperationalError

from foundation import clock
from foundation.doors import reading, writing
from foundation.refusal import Refused
from foundation.web.forms import refilling
from foundation.web.throttle import limit
from foundation.words import _
from members import browsers, consents, passwords, queries, settings, signing_in
from members.forms import ChangePasswordForm, ConfirmForm, ConsentForm, MoveForm, ProfileForm
from members.session import members_only, signed_in
from members.views import marks

log = structlog.get_logger("members")
bp = Blueprint("settings", __name__, url_prefix="/settings")

#: When this process last wrote down that a browser was here: saves most of the writes.
_written: dict[str, float] = {}


@bp.route("", methods=["GET", "POST"])
@members_only
def profile() -> Any:
    who = signed_in()
    with reading() as db:
        member = queries.own(db, who.id)
    form = ProfileForm(obj=member)
    if form.validate_on_submit():
        draft = settings.Profile(
            form.typed("name"),
            form.typed("handle"),
            form.typed("language"),
            form.typed("time_zone"),
        )
        with refilling(form), writing() as db:
            settings.change_profile(db, who.id, draft, clock.now())
        if not form.refused:
            flash(_("Saved."), "good")
            answer = redirect("/settings", 303)
            answer.delete_cookie("language")  # what she chose here counts from now on
            return answer
    move = MoveForm(formdata=None, prefix="move")
    return _page("members/settings.html", form, email=member.email, profile=form, move=move)


@bp.post("/email")
@members_only
@limit(marks.RATE, "move")
def ask_to_move() -> Any:
    """Ask for a letter to a new address."""
    form = MoveForm(prefix="move")
    with reading() as db:
        member = queries.own(db, signed_in().id)
    if form.validate_on_submit():
        with refilling(form), writing() as db:
            settings.ask_to_move(db, member.id, form.typed("email"), clock.now())
        if not form.refused:
            flash(_("A letter is on its way to the new address. Nothing changes before."), "good")
            return redirect("/settings", 303)
    profile = ProfileForm(formdata=None, obj=member)
    return _page("members/settings.html", form, email=member.email, profile=profile, move=form)


@bp.route("/email/<token>", methods=["GET", "POST"])
@members_only
def move(token: str) -> Any:
    """The link of that letter."""
    form = ConfirmForm()
    if form.validate_on_submit():
        with writing() as db:
            settings.move(db, signed_in().id, token, clock.now())
        flash(_("Your address is changed."), "good")
        return redirect("/settings", 303)
    return render_template("members/move.html", form=form)


@bp.route("/password", methods=["GET", "POST"])
@members_only
@limit(marks.RATE, "password")
def password() -> Any:
    form = ChangePasswordForm()
    with reading() as db:
        email = queries.own(db, signed_in().id).email
    if form.validate_on_submit():
        with refilling(form):
            return _change_password(form.typed("current"), form.typed("password"))
    return _page("members/password.html", form, email=email)


def _change_password(current: str, wanted: str) -> Any:
    who = signed_in()
    with reading() as db:
        known = signing_in.known(db, who.id)
    if not passwords.matches(known.password_hash, current):
        raise Refused("This is not your password.", code="password", field="current")
    passwords.check(wanted, name=known.name, email=known.email)
    password_hash = passwords.hashed(wanted)
    with writing() as db:
        settings.change_password(db, who.id, password_hash, clock.now(), keep=who.sign_in_id)
    flash(_("Your new password is set. All other browsers were signed out."), "good")
    return redirect("/settings/password", 303)


@bp.get("/sessions")
@members_only
def sessions() -> Any:
    who = signed_in()
    with reading() as db:
        rows = signing_in.open_ones(db, who.id)
    listed = [(row, browsers.called(row.browser), row.id == who.sign_in_id) for row in rows]
    return render_template("members/sessions.html", sign_ins=listed)


@bp.post("/sessions/<sign_in_id>/revoke")
@members_only
def revoke(sign_in_id: str) -> Any:
    with writing() as db:
        signing_in.revoke(db, signed_in().id, sign_in_id, clock.now())
    flash(_("That browser is signed out."), "good")
    return redirect("/settings/sessions", 303)


@bp.post("/sessions/revoke-others")
@members_only
def revoke_others() -> Any:
    who = signed_in()
    with writing() as db:
        signing_in.revoke_others(db, who.id, clock.now(), keep=who.sign_in_id)
    flash(_("All other browsers are signed out."), "good")
    return redirect("/settings/sessions", 303)


@bp.route("/notifications", methods=["GET", "POST"])
@members_only
def letters() -> Any:
    """Which letters may come."""
    who = signed_in()
    with reading() as db:
        form = ConsentForm(data=consents.choices(db, who.id))
    if form.validate_on_submit():
        chosen: dict[str, bool] = {each: form[each].data for each in consents.OPTIONAL}
        with writing() as db:
            consents.give(db, who.id, chosen, clock.now())
        flash(_("Saved."), "good")
        return redirect("/settings/notifications", 303)
    return _page("members/letters.html", form)


@bp.after_app_request
def seen(response: Response) -> Response:
    """Keep, about every hour, that a signed-in browser was here."""
    who = g.get("_login_user")
    if who is None or not who.is_authenticated:
        return response
    tick = time.monotonic()
    if tick - _written.get(who.sign_in_id, -1e9) > signing_in.SEEN_EVERY.total_seconds():
        if len(_written) > 10_000:
            _written.clear()
        _written[who.sign_in_id] = tick
        try:
            with writing() as db:
                signing_in.seen(db, who.sign_in_id, clock.now())
        except OperationalError:  # a busy database is no reason to withhold a page
            log.warning("last_seen_at was not kept", sign_in=who.sign_in_id)
    return response


def _page(template: str, form: Any, **more: Any) -> Any:
    return render_template(template, form=form, **more), 422 if form.errors else 200
