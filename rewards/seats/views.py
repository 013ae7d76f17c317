"""Pages of seats: the owner's agreement, invitations and seats; a member's answer."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, jsonify, redirect, render_template, request

from foundation import clock, words
from foundation.doors import reading, writing
from foundation.web.forms import choices, refilling
from foundation.web.texts import as_fields, typed_texts
from foundation.web.throttle import limit
from foundation.words import _
from members.session import members_only, requires, signed_in
from rewards.perks.forms import ReasonForm
from rewards.seats import agreements, answering, inviting, leaving, queries, unit_gate, vesting
from rewards.seats.answering import Acceptance
from rewards.seats.forms import (
    AcceptForm,
    AgreementForm,
    InviteForm,
    PublishAgreementForm,
    SettleForm,
)
from rewards.seats.queries import SeatPage
from rewards.seats.unit_gate import Gate

bp = Blueprint("seats", __name__)
bp.add_app_template_global(queries.state_of, "state_of_seat")


def _gate() -> Gate:
    """What counsel approved, as the settings say."""
    settings = current_app.extensions["settings"]
    return unit_gate.gate(
        settings.equity_counsel, settings.equity_countries, settings.equity_countries_blocked
    )


# The owner's desk.


@bp.get("/seats")
@requires("seat.invite")
def desk() -> Any:
    """Invitations and seats, the agreement in force, and whether units can be granted."""
    with reading() as session:
        rows, agreement = queries.desk(session), agreements.latest(session)
        draft = agreements.draft(session)
    return render_template(
        "rewards/seats/seats_desk.html",
        rows=rows,
        agreement=agreement,
        draft=draft,
        gate=_gate(),
        counsel=unit_gate.COUNSEL,
        countries=unit_gate.COUNTRIES,
        now=clock.now(),
    )


@bp.route("/seats/agreement", methods=["GET", "POST"])
@requires("seat.invite")
def agreement() -> Any:
    """The draft of the next version; it begins with the text of the version before."""
    with reading() as session:
        draft, latest = agreements.draft(session), agreements.latest(session)
    text = draft or latest
    form = AgreementForm(
        data={
            "revision": draft.revision if draft else 0,
            "vested_when_leaving": text.vested_when_leaving if text else "settled",
        }
        | as_fields(body=text.body if text else {})
    )
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            body, revision = typed_texts(form, "body"), form.revision.data or 0
            rule: Any = form.vested_when_leaving.data
            agreements.change(session, signed_in().id, body, rule, revision, clock.now())
        if not form.refused:
            flash(_("The draft is kept. Publish it when it is ready."), "good")
            return redirect("/seats/agreement", 303)
    return _agreement_page(form, draft, 422 if form.errors else 200)


def _agreement_page(form: AgreementForm, draft: Any, status: int) -> Any:
    publish = PublishAgreementForm(
        formdata=None, data={"revision": draft.revision if draft else ""}
    )
    page = render_template(
        "rewards/seats/agreement_draft.html",
        form=form,
        draft=draft,
        publish=publish,
        languages=words.LANGUAGES,
    )
    return page, status


@bp.post("/seats/agreement/publish")
@requires("seat.invite")
def publish() -> Any:
    """Make the draft the next version."""
    form = PublishAgreementForm()
    if not form.validate_on_submit():
        flash(_("Tick the box to publish."), "bad")
        return redirect("/seats/agreement", 303)
    with writing() as session:
        revision = form.revision.data or 0
        version = agreements.publish(session, signed_in().id, revision, clock.now())
    flash(_("Version %(number)s of the agreement is in force.", number=version.number), "good")
    return redirect("/seats", 303)


@bp.get("/agreements/<int(max=2147483647):number>")
@requires("seat.invite")
def agreement_then(number: int) -> Any:
    """One version; members read theirs on the page of their seat."""
    with reading() as session:
        version, leaf = agreements.version(session, number), queries.leaf_of(session, number)
    return render_template("rewards/seats/agreement.html", agreement=version, leaf=leaf)


@bp.route("/seats/invite", methods=["GET", "POST"])
@requires("seat.invite")
def invite() -> Any:
    now, gate = clock.now(), _gate()
    form = InviteForm(data={"starts_on": now.date()})
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            inviting.invite(session, signed_in().id, form.draft(now), gate, now)
        if not form.refused:
            flash(_("Invited. She has 30 days to answer."), "good")
            return redirect("/seats", 303)
    page = render_template(
        "rewards/seats/invite.html",
        form=form,
        gate=gate,
        counsel=unit_gate.COUNSEL,
        countries=unit_gate.COUNTRIES,
    )
    return page, (422 if form.errors else 200)


@bp.route("/seats/invitations/<invitation_id>", methods=["GET", "POST"])
@requires("seat.invite")
def invitation(invitation_id: str) -> Any:
    """An invitation and what came of it; the form withdraws it while it is open."""
    form = ReasonForm()
    with reading() as session:
        page = queries.page(session, invitation_id, None)
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            reason = form.typed("reason")
            inviting.withdraw(session, signed_in().id, invitation_id, reason, clock.now())
        if not form.refused:
            flash(_("Withdrawn. The member has been told."), "good")
            return redirect("/seats", 303)
    return _seat_page(page, form)


def _seat_page(page: Any, form: Any, settle: Any = None) -> Any:
    status = 422 if form.errors or (settle is not None and settle.errors) else 200
    settle = settle or SettleForm(formdata=None)
    settle.step.data, settle.step.raw_data = page.next_settlement, None
    html = render_template(
        "rewards/seats/seat_desk.html",
        page=page,
        form=form,
        settle=settle,
        now=clock.now(),
    )
    return html, status


@bp.post("/seats/<seat_id>/end")
@requires("seat.invite")
def end(seat_id: str) -> Any:
    """End a seat; its units are forfeited or settled as the agreement says."""
    form = ReasonForm()
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            leaving.end(session, signed_in().id, seat_id, form.typed("reason"), clock.now())
        if not form.refused:
            flash(_("The seat has ended. The member has been told."), "good")
            return redirect("/seats", 303)
    with reading() as session:
        return _seat_page(queries.of_seat(session, seat_id), form)


@bp.post("/seats/<seat_id>/settle")
@requires("seat.invite")
def settle(seat_id: str) -> Any:
    """Take vested units off the book that were settled with the member."""
    form = SettleForm()
    with reading() as session:
        page = queries.of_seat(session, seat_id)
    if form.validate_on_submit():
        grant_id = page.units.id if page.units else ""
        with refilling(form), writing() as session:
            amount, reason = form.amount.data or 0, form.typed("reason")
            vesting.settle(
                session, signed_in().id, grant_id, amount, reason, clock.now(), step=form.step.data
            )
        if not form.refused:
            flash(_("Settled. The member has been told."), "good")
            return redirect(f"/seats/invitations/{page.invitation.id}", 303)
    return _seat_page(page, ReasonForm(formdata=None), form)


# A member's own.


@bp.route("/me/seats/<invitation_id>", methods=["GET", "POST"])
@members_only
@limit("30 per 10 minutes", "seat")
def mine(invitation_id: str) -> Any:
    """The invitation with its agreement, the form that accepts it, and later the seat."""
    who, form = signed_in(), _offering(AcceptForm())
    with reading() as session:
        page = queries.page(session, invitation_id, who.id)
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            said = _said(form)
            answering.accept(session, who.id, invitation_id, said, _gate(), clock.now())
        if not form.refused:
            flash(_("Welcome to the table. Thank you."), "good")
            return redirect(f"/me/seats/{invitation_id}", 303)
    return _my_page(page, form, ReasonForm(formdata=None))


def _offering(form: AcceptForm) -> AcceptForm:
    """The form with every country to choose from."""
    countries = unit_gate.countries(words.language())
    form.country.choices = choices([("", _("Choose …")), *countries])
    return form


def _my_page(page: SeatPage, form: AcceptForm, leave: ReasonForm) -> Any:
    form.agreement.data, form.agreement.raw_data = page.agreement.number, None
    form.language.data = words.language_shown(page.agreement.body_html)
    html = render_template(
        "rewards/seats/my_seat.html",
        page=page,
        form=form,
        leave=leave,
        state=page.state(clock.now()),
    )
    return html, (422 if form.errors or leave.errors else 200)


@bp.get("/me/seats/<invitation_id>/agreement.json")
@members_only
def agreement_file(invitation_id: str) -> Any:
    """The agreement of one's invitation as the log hashed it, to be checked against its leaf."""
    with reading() as session:
        page = queries.page(session, invitation_id, signed_in().id)
        content = agreements.content_of(page.agreement)
    answer = jsonify(content)
    name = f"agreement-{page.agreement.number}.json"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _said(form: AcceptForm) -> Acceptance:
    return Acceptance(
        agreement=form.agreement.data or 0,
        language=_language_read(form),
        typed_name=form.typed("typed_name"),
        country=form.typed("country"),
        address=request.remote_addr or "",
        without_units=bool(form.without_units.data),
    )


def _language_read(form: AcceptForm) -> str:
    """The language her page had the agreement in, whatever she has chosen in another tab since."""
    shown = form.typed("language")
    return shown if shown in words.LANGUAGES else words.language()


@bp.post("/me/seats/<invitation_id>/decline")
@members_only
def decline(invitation_id: str) -> Any:
    """Say no to an invitation."""
    with writing() as session:
        answering.decline(session, signed_in().id, invitation_id, clock.now())
    flash(_("Declined. Nothing else changes for you."), "good")
    return redirect("/me/perks", 303)


@bp.post("/me/seats/<invitation_id>/leave")
@members_only
def leave(invitation_id: str) -> Any:
    """Give one's seat up."""
    who, form = signed_in(), ReasonForm()
    with reading() as session:
        page = queries.page(session, invitation_id, who.id)
    if page.seat is None or page.seat.ended_at is not None:
        return redirect(f"/me/seats/{invitation_id}", 303)
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            leaving.end(session, who.id, page.seat.id, form.typed("reason"), clock.now())
        if not form.refused:
            flash(_("Your seat has ended. Thank you for the time you gave."), "good")
            return redirect(f"/me/seats/{invitation_id}", 303)
    return _my_page(page, _offering(AcceptForm(formdata=None)), form)
