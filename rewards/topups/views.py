"""Pages of prepaid units: a member's own with her code, and the staff's desk at the counter."""

from __future__ import annotations

from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
)
from flask.sansio.blueprints import BlueprintSetupState

from foundation import clock
from foundation.doors import reading, writing
from foundation.web.forms import refilling
from foundation.words import _, when
from members.models import Member
from members.session import members_only, requires, signed_in
from rewards.topups import codes, explaining, pictures, queries, taking
from rewards.topups.forms import FindForm, TakeForm

bp = Blueprint("prepaid", __name__)


@bp.record_once
def explained(state: BlueprintSetupState) -> None:
    """Templates let offers explain themselves."""
    state.app.jinja_env.globals["topups_in_words"] = explaining


# A member's own.


@bp.get("/me/prepaid")
@members_only
def mine() -> Any:
    """What is left of what she prepaid, her code, and every use."""
    who, now = signed_in().id, clock.now()
    with reading() as session:
        page = queries.prepaid(session, who, now, request.args.get("page"), "/me/prepaid")
    return render_template("rewards/topups/mine.html", page=page, now=now)


@bp.get("/me/prepaid/code.svg")
@members_only
def code() -> Any:
    """Her code as a picture for the till."""
    return code_leading_to(codes.DESK)


def code_leading_to(desk: str) -> Response:
    """The reader's code as a picture that opens a desk of the staff; 404 when she has none."""
    with reading() as session:
        known = codes.of(session, signed_in().id) or abort(404)
    site = current_app.extensions["settings"].public_url
    picture = Response(pictures.qr(codes.address(site, known, desk)), mimetype="image/svg+xml")
    picture.headers["Cache-Control"] = "private, no-store"
    return picture


@bp.post("/me/prepaid/code")
@members_only
def renew() -> Any:
    """A new code; the old one ends at once."""
    with writing() as session:
        codes.renew(session, signed_in().id, clock.now())
    flash(_("Here is your new code. The old one is worth nothing any more."), "good")
    return redirect("/me/prepaid", 303)


# The counter.


@bp.get("/prepaid")
@requires("prepaid.take")
def desk() -> Any:
    """Whose turn it is, and what she has left."""
    form = FindForm(request.args)
    return _desk(form, TakeForm(formdata=None))


def _desk(find: FindForm, form: TakeForm) -> Any:
    typed, now = find.typed("code") or form.typed("code"), clock.now()
    with reading() as session:
        member_id = codes.find(session, typed) if typed else None
        member = session.get(Member, member_id) if member_id else None
        path = f"/prepaid?code=@{member.handle}" if member else ""
        cursor = request.args.get("page")
        page = queries.prepaid(session, member.id, now, cursor, path) if member else None
    answer = render_template(
        "rewards/topups/desk.html", find=find, form=form, typed=typed, member=member, page=page
    )
    return answer, 422 if form.errors else 404 if typed and member is None else 200


@bp.post("/prepaid/take")
@requires("prepaid.take")
def take() -> Any:
    """Take one unit off at the counter."""
    form = TakeForm()
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            member_id = codes.find(session, form.typed("code")) or abort(404)
            wanted = form.taking(member_id, signed_in().id)
            taking.take(session, wanted, clock.now())
            handle = session.get_one(Member, member_id).handle
        if not form.refused:
            flash(_("One was taken off. The member has been told."), "good")
            return redirect(f"/prepaid?code=@{handle}", 303)
    return _desk(FindForm(formdata=None), form)


@bp.post("/prepaid/uses/<use_id>/give-back")
@requires("prepaid.take")
def give_back(use_id: str) -> Any:
    """Give a unit back that was taken by mistake."""
    with writing() as session:
        use = taking.give_back(session, use_id, clock.now())
        handle = session.get_one(Member, use.member_id).handle
        gone = taking.expired_at(session, use, clock.now())
    if gone is None:
        flash(_("Given back. The member has been told."), "good")
    else:
        said = _("Given back, but it expired on %(day)s and cannot be used.", day=when(gone))
        flash(said, "warn")
    return redirect(f"/prepaid?code=@{handle}", 303)
