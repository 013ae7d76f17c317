"""Pages of papers: the shelf, reading, downloading one's own copy; and the owner's desk of them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request

from foundation import clock, words
from foundation.doors import reading, writing
from foundation.refusal import Refused
from foundation.web.forms import refilling
from foundation.web.throttle import limit
from foundation.words import _, text_in
from members.session import Viewer, members_only, requires, signed_in, viewer
from rewards import programme
from rewards.papers import copies, files, queries, stamping
from rewards.papers import writing as papers
from rewards.papers.forms import PaperForm, RevokeForm, values_of
from rewards.papers.models import Paper
from rewards.papers.queries import Shown
from rewards.papers.stamping import Stamp

bp = Blueprint("papers", __name__)


@bp.url_value_preprocessor
def let_owners_send_more(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Before anything reads the body: only who may write papers may send much."""
    who = viewer()
    if who is not None and who.may("paper.edit"):
        request.max_content_length = files.LARGEST + 1024 * 1024


# Reading.


@bp.get("/papers")
def shelf() -> Any:
    """What the reader may read; of all else the title, and what leads to it."""
    who = viewer()
    with reading() as session:
        shown = queries.shelf(session, who.id if who else None, clock.now())
    return render_template("rewards/papers/papers.html", shown=shown, who=who)


@bp.get("/papers/<paper_id>")
@members_only
def paper(paper_id: str) -> Any:
    """A text with its reader's name on it, once she has a copy; before, and of a file, the way to
    it. Looking writes nothing: a browser may ask ahead for what nobody opens."""
    who, now = signed_in(), clock.now()
    shown = _asked(who, paper_id, now)
    if not _may_read(who, shown):
        return _closed(shown)
    with reading() as session:
        copy = copies.hers(session, paper_id, who.id)
    mark = copy.mark if copy and not shown.paper.media_type else None
    return render_template(
        "rewards/papers/paper.html", shown=shown, paper=shown.paper, mark=mark, now=now
    )


@bp.post("/papers/<paper_id>/copy")
@members_only
def open_copy(paper_id: str) -> Any:
    """Hand out the reader's own copy of a text, and put it on record."""
    who = signed_in()
    shown = _asked(who, paper_id, clock.now())
    if not _may_read(who, shown):
        return _closed(shown)
    if not shown.paper.media_type:
        _copy(paper_id, who, "read")
    return redirect(f"/papers/{paper_id}", 303)


@bp.post("/papers/<paper_id>/file")
@members_only
@limit("30 per 10 minutes", "paper")
def download(paper_id: str) -> Any:
    """The reader's own copy of a file, stamped for her and put on record."""
    who, now = signed_in(), clock.now()
    shown = _asked(who, paper_id, now)
    found = shown.paper
    if not _may_read(who, shown):
        return _closed(shown)
    if found.sha256 is None or found.media_type is None:
        return redirect(f"/papers/{paper_id}", 303)
    data = files.fetch(current_app.extensions["settings"].data, found.sha256)
    mark = _copy(paper_id, who, "downloaded").mark
    stamp = Stamp(mark, who.name, who.handle, now)
    return _attached(found, stamping.stamped(found.media_type, data, stamp), mark)


def _closed(shown: Shown) -> Any:
    return render_template("rewards/papers/paper_closed.html", shown=shown), 403


def _asked(who: Viewer, paper_id: str, now: datetime) -> Shown:
    with reading() as session:
        is_owner = who.may("paper.edit")
        return queries.one(session, paper_id, who.id, now, knows_all=is_owner)


def _may_read(who: Viewer, shown: Shown) -> bool:
    """Owners look at what they wrote; it counts as any other reading."""
    return shown.state == "open" or who.may("paper.edit")


def _copy(paper_id: str, who: Viewer, kind: Any) -> Any:
    with writing() as session:
        return copies.hand_out(session, paper_id, who.id, kind, words.language(), clock.now())


def _attached(found: Paper, data: bytes, mark: str) -> Response:
    """Never shown inside the site: a browser saves it, and guesses nothing about it."""
    assert found.media_type is not None
    name = re.sub(r"[^A-Za-z0-9]+", "-", text_in(found.title, "en")).strip("-")[:60] or "paper"
    answer = Response(data, mimetype=found.media_type)
    ending = files.ENDINGS[found.media_type]
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}-{mark}.{ending}"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


# The owner's desk.


@bp.get("/papers/manage")
@requires("paper.edit")
def manage() -> Any:
    """Every paper, whom it is for and how many have a copy."""
    with reading() as session:
        rows = queries.managed(session)
        rules, clubs = programme.current(session), queries.clubs(session)
    return render_template(
        "rewards/papers/papers_desk.html", rows=rows, rules=rules, clubs=clubs, now=clock.now()
    )


@bp.route("/papers/new", methods=["GET", "POST"])
@requires("paper.edit")
def new() -> Any:
    form = PaperForm(data={"opens_on": clock.now().date(), "is_listed": True})
    return _edit(form, None)


@bp.route("/papers/<paper_id>/edit", methods=["GET", "POST"])
@requires("paper.edit")
def edit(paper_id: str) -> Any:
    with reading() as session:
        managed = queries.readers(session, paper_id)
    return _edit(PaperForm(data=values_of(managed.paper, managed.guests)), managed.paper)


def _edit(form: PaperForm, old: Paper | None) -> Any:
    with reading() as session:
        form.offer(programme.current(session), queries.clubs(session))
    if form.validate_on_submit():
        with refilling(form):
            kept = _keep(form, old)
        if not form.refused:
            flash(_("Saved. Whom it is for can read it from its first day on."), "good")
            return redirect(f"/papers/{kept.id}/readers", 303)
    page = render_template(
        "rewards/papers/paper_edit.html", form=form, paper=old, languages=words.LANGUAGES
    )
    return page, (422 if form.errors else 200)


def _keep(form: PaperForm, old: Paper | None) -> Paper:
    draft, file, owner, now = form.draft(), form.sent(), signed_in().id, clock.now()
    if file is not None:
        files.keep(current_app.extensions["settings"].data, file)
    with writing() as session:
        if old is None:
            return papers.write(session, owner, draft, file, now)
        return papers.change(session, owner, old.id, draft, file, now)


@bp.route("/papers/<paper_id>/readers", methods=["GET", "POST"])
@requires("paper.edit")
def readers(paper_id: str) -> Any:
    """Who has a copy since when, and what was downloaded; and the form that ends access at once."""
    form = RevokeForm()
    with reading() as session:
        managed = queries.readers(session, paper_id)
    if form.validate_on_submit():
        handle = form.typed("handle").strip() or None
        with refilling(form), writing() as session:
            reason = form.typed("reason")
            papers.revoke(session, signed_in().id, paper_id, handle, reason, clock.now())
        if not form.refused:
            flash(_("Access has ended. Whoever has a copy has been told why."), "good")
            return redirect(f"/papers/{paper_id}/readers", 303)
    page = render_template(
        "rewards/papers/paper_readers.html", managed=managed, paper=managed.paper, form=form
    )
    return page, (422 if form.errors else 200)


@bp.post("/papers/revocations/<revocation_id>/lift")
@requires("paper.edit")
def lift(revocation_id: str) -> Any:
    """Give access back."""
    with writing() as session:
        lifted = papers.lift(session, signed_in().id, revocation_id, clock.now())
    flash(_("Access is given back, and the readers are told."), "good")
    return redirect(f"/papers/{lifted.paper_id}/readers", 303)


@bp.get("/papers/whose")
@requires("paper.edit")
def whose() -> Any:
    """Where a mark leads that somebody found on a copy."""
    mark, trail, refusal = request.args.get("mark", "")[:40], None, None
    try:
        with reading() as session:
            trail = copies.whose(session, mark) if mark.strip() else None
    except Refused as problem:
        refusal = problem
    return render_template(
        "rewards/papers/paper_whose.html", mark=mark, trail=trail, refusal=refusal
    )
