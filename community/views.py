"""Pages of clubs, topics and posts. What is public is cached; what is one reader's is not in it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, request

from community import posting, queries, rules
from community.forms import EditForm, PostForm, TopicForm, form_page
from foundation import clock, words
from foundation.doors import reading, writing
from foundation.web.forms import refilling
from foundation.web.pages import public_page, render
from foundation.web.throttle import limit
from members.session import members_only, requires, signed_in, viewer

bp = Blueprint("community", __name__)


@bp.get("/clubs")
@public_page(lambda: ["clubs"])
def clubs() -> Any:
    with reading() as session:
        return render("community/clubs.html", clubs=queries.clubs(session))


@bp.get("/clubs/<slug>")
@public_page(lambda slug: [f"club:{slug}"])
def club(slug: str) -> Any:
    kind = request.args.get("kind", "")
    kind = kind if kind in rules.KINDS else ""
    with reading() as session:
        page = queries.club_page(session, slug, kind, request.args.get("page"))
    if page is None:
        return abort(404)
    return render("community/club.html", page=page, club=page.club, kind=kind, kinds=rules.KINDS)


@bp.route("/clubs/<slug>/new", methods=["GET", "POST"])
@requires("topic.start")
@limit("20 per 10 minutes", "write")
def new_topic(slug: str) -> Any:
    with reading() as session:
        club = queries.club(session, slug) or abort(404)
    form = TopicForm(kind=request.args.get("kind"))
    if form.validate_on_submit():
        draft = form.draft(club.id)
        with refilling(form), writing() as session:
            topic = posting.start_topic(session, signed_in(), draft, clock.now())
        if not form.refused:
            return redirect(f"/topics/{topic.id}", 303)
    return form_page("community/new_topic.html", form, club=club, kinds=rules.KINDS)


@bp.get("/topics/<topic_id>")
@public_page(lambda topic_id: [f"topic:{topic_id}"])
def topic(topic_id: str) -> Any:
    with reading() as session:
        page = queries.topic_page(session, topic_id, _start())
    if page is None or (not page.posts and page.start > 1):
        return abort(404)
    return render(
        "community/topic.html",
        page=page,
        topic=page.topic,
        kind=rules.KINDS[page.topic.kind],
        reasons={code: str(reason.label) for code, reason in rules.REASONS.items()},
        due=_in_zone(page.topic.response_due_at, page.topic.time_zone),
        may_write=viewer() is not None,
        may_lock=(who := viewer()) is not None and who.may("topic.lock"),
    )


@bp.route("/topics/<topic_id>/reply", methods=["GET", "POST"])
@requires("post.write")
@limit("30 per 10 minutes", "write")
def reply(topic_id: str) -> Any:
    with reading() as session:
        topic = queries.topic(session, topic_id) or abort(404)
        quoted = queries.post_number(session, topic_id, _asked_number())
        watching = queries.is_watching(session, topic_id, signed_in().id)
    form = PostForm()
    if request.method == "GET" and quoted:
        form.in_reply_to.data = str(quoted.number)
        if "quote" in request.args and quoted.fold_reason not in queries.WITHHELD:
            form.body.data = queries.quotation(quoted.handle, quoted.body)
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            post = posting.reply(
                session,
                signed_in(),
                topic_id,
                form.body.data,
                clock.now(),
                in_reply_to=form.answered,
            )
        if not form.refused:
            return redirect(queries.place(topic_id, post.number), 303)
    return form_page("community/reply.html", form, topic=topic, watching=watching)


@bp.post("/topics/<topic_id>/watch")
@members_only
def watch(topic_id: str) -> Any:
    stops = request.form.get("stop") == "1"
    with writing() as session:
        queries.topic(session, topic_id) or abort(404)
        act = posting.stop_watching if stops else posting.watch_again
        act(session, topic_id, signed_in().id, clock.now())
    told = words._("You will hear no more of this topic.")
    flash(told if stops else words._("You will hear of every reply."), "good")
    return redirect(f"/topics/{topic_id}", 303)


@bp.get("/posts/<post_id>")
def post(post_id: str) -> Any:
    """One post and what this reader may do about it."""
    who = viewer()
    with reading() as session:
        post = queries.post(session, post_id) or abort(404)
        edits = queries.edits(session, post_id) if post.edited_at else []
    return render(
        "community/post.html",
        post=post,
        edits=() if post.fold_reason in queries.WITHHELD else edits,
        place=queries.place(post.topic_id, post.number),
        reason=rules.REASONS.get(post.fold_reason or ""),
        is_author=who is not None and who.id == post.author_id,
        may_accept=who is not None
        and post.number > 1
        and post.accepted_post_id != post_id
        and (who.id == post.topic_author_id or rules.is_staff(who)),
        may_fold=who is not None and who.may("post.fold") and who.id != post.author_id,
    )


@bp.get("/posts/<post_id>/place")
def place(post_id: str) -> Any:
    """To the post among the others of its topic."""
    with reading() as session:
        return redirect(queries.place_of(session, post_id) or abort(404), 303)


@bp.route("/posts/<post_id>/edit", methods=["GET", "POST"])
@requires("post.write")
@limit("30 per 10 minutes", "write")
def edit(post_id: str) -> Any:
    with reading() as session:
        post = queries.post(session, post_id) or abort(404)
    if post.author_id != signed_in().id:
        abort(403)
    form = EditForm(body=post.body)
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            posting.edit(session, signed_in(), post_id, form.body.data, clock.now())
        if not form.refused:
            return redirect(queries.place(post.topic_id, post.number), 303)
    return form_page("community/edit.html", form, post=post)


@bp.post("/posts/<post_id>/accept")
@requires("post.write")
def accept(post_id: str) -> Any:
    with writing() as session:
        posting.accept_answer(session, signed_in(), post_id, clock.now())
        where = queries.place_of(session, post_id)
    return redirect(where or "/clubs", 303)


def _start() -> int:
    """The number of the first post wanted, brought to the beginning of its page."""
    typed = request.args.get("from", "1")
    number = int(typed) if typed.isdecimal() and len(typed) < 9 else 1
    return max(number - 1, 0) // rules.PAGE * rules.PAGE + 1


def _asked_number() -> int:
    typed = request.args.get("quote") or request.args.get("to") or "0"
    return int(typed) if typed.isdecimal() and len(typed) < 9 else 0


def _in_zone(moment: Any, zone: str) -> str:
    """A moment told in the club's own zone, which the page names: the same for every reader."""
    with words.use_language(words.language(), zone):
        return words.when(moment, "short")
