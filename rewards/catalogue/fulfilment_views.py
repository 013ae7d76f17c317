"""The staff's desk for what members ordered with points, and the owner's stock."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request

from foundation import clock
from foundation.doors import reading, writing
from foundation.tables import new_ids
from foundation.web.forms import refilling
from foundation.words import _
from members.session import requires, signed_in
from rewards.catalogue import explaining, fulfilling, queries, stock
from rewards.catalogue.forms import StepForm, StockForm
from rewards.catalogue.items import moment_of
from rewards.catalogue.queries import SHOWS

bp = Blueprint("fulfilment", __name__)


@bp.get("/redemptions")
@requires("redemptions.fulfil")
def queue() -> Any:
    """What members ordered: waiting, in work, done."""
    show = request.args.get("show", "waiting")
    show = show if show in SHOWS else "waiting"
    kind = request.args.get("kind", "")
    kind = kind if kind in explaining.KIND_NAMES else ""
    with reading() as session:
        page = queries.queue(session, show, signed_in().id, kind, request.args.get("page"))
        counts = queries.queue_counts(session, signed_in().id)
        next_waiting = queries.next_waiting(session)
    return render_template(
        "rewards/catalogue/queue.html",
        page=page,
        counts=counts,
        next_waiting=next_waiting,
        show=show,
        kind=kind,
        kinds=explaining.KIND_NAMES,
    )


@bp.post("/redemptions/next")
@requires("redemptions.fulfil")
def take_next() -> Any:
    """Take what has waited longest; a second press of the same page takes no second one."""
    shown = request.form.get("shown", "")
    with writing() as session:
        taken = fulfilling.take_next(session, signed_in().id, clock.now(), shown)
    if taken is None:
        flash(_("Nothing waits any more."), "good")
        return redirect("/redemptions", 303)
    return redirect(f"/redemptions/{taken.id}", 303)


@bp.route("/redemptions/<redemption_id>", methods=["GET", "POST"])
@requires("redemptions.fulfil")
def one(redemption_id: str) -> Any:
    """One order of a member; a POST is the next step of it."""
    form = StepForm()
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            fulfilling.move(
                session,
                redemption_id,
                form.typed("act"),
                signed_in().id,
                form.typed("text"),
                clock.now(),
            )
        if not form.refused:
            return redirect(f"/redemptions/{redemption_id}", 303)
    now = clock.now()
    with reading() as session:
        page = queries.one(session, redemption_id, now)
    answer = render_template("rewards/catalogue/fulfil.html", page=page, form=form, now=now)
    return answer, 422 if form.errors else 200


@bp.route("/programme/stock", methods=["GET", "POST"])
@requires("stock.count")
def stocks() -> Any:
    """How many there are of everything that is counted; a POST counts more or fewer."""
    form = StockForm()
    if form.validate_on_submit():
        item, occasion = form.typed("item"), form.typed("occasion")
        by, note = int(form.by.data or 0), form.typed("note")
        with refilling(form), writing() as session:
            queries.refuse_uncounted(session, item, occasion)
            key = form.typed("movement") or None
            stock.receive(session, signed_in().id, item, occasion, by, note, clock.now(), key)
        if not form.refused:
            flash(_("Counted."), "good")
            return redirect("/programme/stock", 303)
    with reading() as session:
        counted = queries.counted(session)
        page = queries.movements(session, request.args.get("page"))
    answer = render_template(
        "rewards/catalogue/stock.html",
        form=form,
        ids=new_ids(clock.now(), sum(len(each.rows) for each in counted)),
        counted=counted,
        names={each.key: each.name for each in counted},
        page=page,
        moment_of=moment_of,
        now=clock.now(),
    )
    return answer, 422 if form.errors else 200
