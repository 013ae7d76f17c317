"""The owner's pages of awards, and the page on which a member reads why she got one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    send_file,
)

from foundation import clock
from foundation.doors import reading, writing
from foundation.refusal import Refused
from foundation.tables import new_id
from foundation.web.forms import refilling
from foundation.words import _, when
from members.session import members_only, requires, signed_in, viewer
from rewards.awarding import (
    award_files,
    checking,
    forgetting,
    queries,
    runs,
    starting,
    taking_back,
)
from rewards.awarding.forms import AwardForm

bp = Blueprint("awards", __name__)

#: Larger files go through the command.
LARGEST_FILE = 16 * 1024 * 1024


@bp.url_value_preprocessor
def let_owners_send_more(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Before anything reads the body: only who may award may send much."""
    who = viewer()
    if who is not None and who.may("points.award"):
        request.max_content_length = LARGEST_FILE


@bp.get("/me/awards/<award_id>")
@members_only
def why(award_id: str) -> Any:
    """Why she got these points."""
    with reading() as session:
        mine = queries.mine(session, award_id, signed_in().id)
    return render_template("rewards/awarding/why.html", mine=mine)


@bp.route("/programme/awards", methods=["GET", "POST"])
@requires("points.award")
def desk() -> Any:
    """All sets, and a new one, which is looked at first."""
    form = AwardForm()
    if form.validate_on_submit():
        with refilling(form):
            set_id = _look_at(form)
        if not form.refused:
            return redirect(f"/programme/awards/{set_id}", 303)
    with reading() as session:
        page = queries.sets(session, request.args.get("page"), "/programme/awards")
    html = render_template("rewards/awarding/desk.html", form=form, page=page)
    return html, 422 if form.errors else 200


def _folder() -> Path:
    return runs.folder(current_app.extensions["settings"].data).resolve()


def _look_at(form: AwardForm) -> str:
    """Keep the file under the id of its set, with what was found; a refused one is thrown away."""
    now, place = clock.now(), _folder()
    arrived = place / f"{new_id(now)}.csv"
    form.file.data.save(arrived)
    rejects = arrived.with_suffix(".rejects.csv")
    try:
        terms = starting.clean(form.terms(signed_in().id))
        source = award_files.look_at(arrived)
        with reading() as session:
            check = checking.check(session, source, terms, now, rejects=rejects)
        name, found = form.file.data.filename, check.document()
        with writing() as session:
            kept = starting.start(
                session, source, terms, "checked", now, file_name=name, checked=found
            )
        if kept.state in ("checked", "failed"):
            for path in (arrived, rejects):
                if path.exists():
                    path.rename(place / path.name.replace(arrived.stem, kept.id))
    finally:
        for path in (arrived, rejects):
            path.unlink(missing_ok=True)
    return kept.id


@bp.get("/programme/awards/<set_id>")
@requires("points.award")
def one(set_id: str) -> Any:
    """What a set would give, how far it is, or what it gave."""
    with reading() as session:
        row = queries.one(session, set_id)
    found = row.award_set
    html = render_template(
        "rewards/awarding/set.html",
        row=row,
        found=found,
        goes_at=found.at + forgetting.KEPT,
        rejects_go_at=forgetting.rejects_go_at(found),
    )
    answer = make_response(html)
    if found.state in runs.NEXT:
        answer.headers["Refresh"] = "2"  # works without script
    return answer


@bp.post("/programme/awards/<set_id>/give")
@requires("points.award")
def give(set_id: str) -> Any:
    """Give what was looked at: at once, or by the worker."""
    now = clock.now()
    with writing() as session:
        queries.one(session, set_id)
        is_small = runs.confirm(session, set_id, now).rows <= runs.AT_ONCE
    if is_small:
        runs.run(set_id, now, _folder())
    return redirect(f"/programme/awards/{set_id}", 303)


@bp.post("/programme/awards/<set_id>/discard")
@requires("points.award")
def discard(set_id: str) -> Any:
    """Throw away what was only looked at."""
    with writing() as session:
        queries.one(session, set_id)
        runs.discard(session, set_id)
    forgetting.remove_files(_folder(), set_id)
    flash(_("Thrown away. Nothing was given."), "good")
    return redirect("/programme/awards", 303)


@bp.get("/programme/awards/<set_id>/take-back")
@requires("points.award")
def look_back(set_id: str) -> Any:
    """What would come back, before anything does."""
    with reading() as session:
        row = queries.one(session, set_id)
        there = taking_back.still_there(session, set_id, clock.now())
    return render_template("rewards/awarding/take_back.html", found=row.award_set, there=there)


@bp.post("/programme/awards/<set_id>/take-back")
@requires("points.award")
def take_back(set_id: str) -> Any:
    """Take back what members still have of it."""
    now = clock.now()
    with writing() as session:
        queries.one(session, set_id)
        is_small = taking_back.ask(session, set_id, signed_in().id, now).given <= runs.AT_ONCE
    if is_small:
        runs.run(set_id, now, _folder())
    return redirect(f"/programme/awards/{set_id}", 303)


@bp.get("/programme/awards/<set_id>/rejects.csv")
@requires("points.award")
def rejects(set_id: str) -> Any:
    """The rows that cannot be given, with the reasons; 410 once they were thrown away."""
    with reading() as session:
        found = queries.one(session, set_id).award_set
    if found.rejects_gone_at is not None:
        raise Refused(
            "The rejected rows of this set were thrown away on %(day)s, a month after it was given,"
            " because they hold addresses. What was given still stands on its page.",
            code="gone",
            status=410,
            day=when(found.rejects_gone_at),
        )
    path = forgetting.rejects_of(_folder(), found.id)
    if not path.exists():
        abort(404)
    return send_file(path, "text/csv", as_attachment=True, download_name="rejects.csv")
