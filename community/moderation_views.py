"""Pages of moderation: the public log, reports, folds, appeals and the moderators' queue."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, request

from community import appealing, moderation, queries, reporting, rules
from community.forms import (
    AppealForm,
    DecideAppealForm,
    DecideReportForm,
    FoldForm,
    IllegalForm,
    ReportForm,
    SentenceForm,
    form_page,
)
from foundation import clock
from foundation.doors import reading, writing
from foundation.web.forms import refilling
from foundation.web.pages import public_page, render
from foundation.web.throttle import limit
from foundation.words import _
from members.session import members_only, requires, signed_in, viewer

bp = Blueprint("moderation", __name__)


@bp.get("/moderation")
@public_page(lambda: ["moderation"])
def log() -> Any:
    reason = request.args.get("reason", "")
    reason = reason if reason in rules.REASONS else ""
    with reading() as session:
        page, counts = queries.moderation_log(session, reason, request.args.get("page"))
    return render(
        "community/log.html", page=page, counts=counts, reason=reason, reasons=rules.REASONS
    )


@bp.get("/moderation/<entry_id>")
@public_page(lambda entry_id: ["moderation"])
def entry(entry_id: str) -> Any:
    with reading() as session:
        found = queries.moderation_entry(session, entry_id)
    if found is None:
        return abort(404)
    return render("community/entry.html", entry=found, reasons=rules.REASONS)


@bp.get("/moderation/queue")
@requires("appeal.decide")
def queue() -> Any:
    """Appeals for all who may decide them, an owner too when the only moderator folded."""
    with reading() as session:
        appeals = queries.open_appeals(session)
        reports = queries.open_reports(session) if signed_in().may("report.decide") else []
    return render("community/queue.html", reports=reports, appeals=appeals, reasons=rules.REASONS)


@bp.route("/moderation/reports/<report_id>", methods=["GET", "POST"])
@requires("report.decide")
def report(report_id: str) -> Any:
    with reading() as session:
        found = queries.report(session, report_id) or abort(404)
    form = DecideReportForm(reason=found.reason)
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            reporting.decide(
                session,
                signed_in(),
                report_id,
                form.decision.data,
                form.sentence.data,
                clock.now(),
                reason=form.reason.data or found.reason,
            )
        if not form.refused:
            flash(_("Decided. It is on the record."), "good")
            return redirect("/moderation/queue", 303)
    return form_page("community/report.html", form, report=found, reasons=rules.REASONS)


@bp.route("/posts/<post_id>/report", methods=["GET", "POST"])
@requires("post.report")
@limit("20 per hour", "report")
def report_post(post_id: str) -> Any:
    with reading() as session:
        post = queries.post(session, post_id) or abort(404)
    form = ReportForm()
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            reporting.report(session, signed_in(), form.draft(f"/posts/{post_id}"), clock.now())
        if not form.refused:
            flash(_("Thank you. A moderator will look at it and tell you the decision."), "good")
            return redirect(f"/posts/{post_id}", 303)
    return form_page("community/report_post.html", form, post=post, reasons=rules.REASONS)


@bp.route("/report", methods=["GET", "POST"])
@limit("5 per hour", "report")
def report_illegal() -> Any:
    """For anybody, signed in or not (Digital Services Act, article 16)."""
    form = IllegalForm(place=request.args.get("place", "")[:500])
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            made = reporting.report(session, viewer(), form.draft(), clock.now())
        if not form.refused:
            return redirect(f"/report/received/{made.id}", 303)
    return form_page("community/report_illegal.html", form)


@bp.get("/report/received/<report_id>")
def received(report_id: str) -> Any:
    """The receipt of a report: its number and, for whoever holds it, what became of it."""
    with reading() as session:
        found = queries.report(session, report_id) or abort(404)
    return render("community/received.html", report=found)


@bp.route("/posts/<post_id>/fold", methods=["GET", "POST"])
@requires("post.fold")
def fold(post_id: str) -> Any:
    with reading() as session:
        post = queries.post(session, post_id) or abort(404)
    form = FoldForm()
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            moderation.fold(
                session,
                signed_in(),
                post_id,
                form.reason.data,
                form.sentence.data,
                clock.now(),
            )
        if not form.refused:
            return redirect(queries.place(post.topic_id, post.number), 303)
    return form_page("community/fold.html", form, post=post, reasons=rules.REASONS)


@bp.route("/folds/<fold_id>/restore", methods=["GET", "POST"])
@requires("post.fold")
def restore(fold_id: str) -> Any:
    with reading() as session:
        found = queries.fold(session, fold_id) or abort(404)
    form = SentenceForm()
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            moderation.restore(session, signed_in(), fold_id, form.sentence.data, clock.now())
        if not form.refused:
            return redirect(queries.place(found.topic_id, found.number), 303)
    return form_page("community/restore.html", form, fold=found, reasons=rules.REASONS)


@bp.route("/folds/<fold_id>/appeal", methods=["GET", "POST"])
@members_only
def appeal(fold_id: str) -> Any:
    """The statement of reasons, and the appeal against it; for the author."""
    with reading() as session:
        found = queries.fold(session, fold_id) or abort(404)
    if found.author_id != signed_in().id:
        abort(403)
    form = AppealForm()
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            lodged = appealing.appeal(session, signed_in(), fold_id, form.text.data, clock.now())
        if not form.refused:
            return redirect(f"/appeals/{lodged.id}", 303)
    until = found.at + rules.APPEAL_WINDOW
    return form_page(
        "community/appeal.html",
        form,
        fold=found,
        reasons=rules.REASONS,
        until=until,
        is_open=clock.now() <= until and not found.restored_at and not found.appeal_id,
    )


@bp.route("/appeals/<appeal_id>", methods=["GET", "POST"])
@members_only
def decide_appeal(appeal_id: str) -> Any:
    """An appeal: its author reads it, whoever may decide decides."""
    who = signed_in()
    with reading() as session:
        found = queries.appeal(session, appeal_id) or abort(404)
    may_decide = who.may("appeal.decide") and who.id not in (found.by_id, found.author_id)
    if not who.may("appeal.decide") and who.id != found.author_id:
        abort(403)
    form = DecideAppealForm()
    if form.validate_on_submit():
        may_decide or abort(403)
        with refilling(form), writing() as session:
            appealing.decide(
                session, who, appeal_id, form.decision.data, form.reason.data, clock.now()
            )
        if not form.refused:
            return redirect(f"/appeals/{appeal_id}", 303)
    return form_page(
        "community/decide_appeal.html",
        form,
        fold=found,
        reasons=rules.REASONS,
        may_decide=may_decide and not found.decided_at,
    )


@bp.route("/topics/<topic_id>/lock", methods=["GET", "POST"])
@requires("topic.lock")
def lock(topic_id: str) -> Any:
    with reading() as session:
        topic = queries.topic(session, topic_id) or abort(404)
    form = SentenceForm()
    if form.validate_on_submit():
        act = moderation.unlock if topic.locked_at else moderation.lock
        with refilling(form), writing() as session:
            act(session, signed_in(), topic_id, form.sentence.data, clock.now())
        if not form.refused:
            return redirect(f"/topics/{topic_id}", 303)
    return form_page("community/lock.html", form, topic=topic)
