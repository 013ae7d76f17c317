"""Pages of store credit: a member's own, and the staff's desk at the counter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request

from foundation import clock
from foundation.doors import reading, writing
from foundation.tables import new_id
from foundation.web.forms import refilling
from foundation.words import _
from members.models import Member
from members.session import members_only, requires, signed_in
from rewards.book import statement_words
from rewards.credit import giving_back, queries, taking
from rewards.credit.forms import GiveBackForm, TakeForm
from rewards.credit.models import CreditTaking
from rewards.topups import codes
from rewards.topups.forms import FindForm
from rewards.topups.views import code_leading_to

bp = Blueprint("credit", __name__)

DESK = "/credit"


# A member's own.


@bp.get("/me/credit")
@members_only
def mine() -> Any:
    """How much she has, what is on hold, what expires when, and every movement."""
    who, now, asked = signed_in().id, clock.now(), request.args
    with reading() as session:
        page = queries.mine(session, who, asked.get("currency"), now, asked.get("page"))
    names = statement_words.names(page.purse.currency) if page else {}
    return render_template("rewards/credit/mine.html", page=page, names=names)


@bp.get("/me/credit/code.svg")
@members_only
def code() -> Any:
    """Her code as a picture that opens the counter of store credit."""
    return code_leading_to(DESK)


@bp.post("/me/credit/code")
@members_only
def renew() -> Any:
    """A code, or a new one: the old one ends at once."""
    with writing() as session:
        codes.renew(session, signed_in().id, clock.now())
    flash(_("Here is your new code."), "good")
    return redirect("/me/credit", 303)


# The counter.


@bp.get("/credit")
@requires("credit.take")
def desk() -> Any:
    """Whose turn it is, and what she has."""
    return _desk(request.args.get("code", ""), TakeForm(formdata=None), {})


def _desk(typed: str, form: TakeForm, backs: Mapping[str, GiveBackForm]) -> Any:
    """The desk with whoever was asked for; `backs` are forms that were refused, by taking."""
    now = clock.now()
    with reading() as session:
        member_id = codes.find(session, typed) if typed else None
        member = session.get(Member, member_id) if member_id else None
        path = f"{DESK}?code=@{member.handle}" if member else ""
        cursor = request.args.get("page")
        page = queries.at_desk(session, member.id, now, cursor, path) if member else None
    if page:
        form.offer(list(page.purses), now)
        backs = {each.id: backs.get(each.id) or _back(each.id) for each in page.takings.rows}
    answer = render_template(
        "rewards/credit/desk.html",
        find=FindForm(formdata=None, data={"code": typed}),
        form=form,
        backs=backs,
        typed=typed,
        member=member,
        page=page,
    )
    refused = form.errors or any(each.errors for each in backs.values())
    return answer, 422 if refused else 404 if typed and member is None else 200


def _back(taking_id: str) -> GiveBackForm:
    form = GiveBackForm(formdata=None, data={"request_key": new_id(clock.now())})
    form.amount.id = f"amount-{taking_id}"  # a page has many of them
    return form


@bp.post("/credit/take")
@requires("credit.take")
def take() -> Any:
    """Take credit for an order at the counter."""
    form = TakeForm()
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            member_id = codes.find(session, form.typed("code")) or abort(404)
            taking.take(session, form.taking(member_id, signed_in().id), clock.now())
            handle = session.get_one(Member, member_id).handle
        if not form.refused:
            flash(_("The credit was taken. The member has been told."), "good")
            return redirect(f"{DESK}?code=@{handle}", 303)
    return _desk(form.typed("code"), form, {})


@bp.post("/credit/takings/<taking_id>/give-back")
@requires("credit.take")
def give_back(taking_id: str) -> Any:
    """Give back what was taken, or part of it."""
    form = GiveBackForm()
    form.amount.id = f"amount-{taking_id}"
    with reading() as session:
        paid = session.get(CreditTaking, taking_id) or abort(404)
        handle = session.get_one(Member, paid.member_id).handle
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            back = form.giving_back(paid, signed_in().id)
            giving_back.give_back(session, back, clock.now())
        if not form.refused:
            flash(_("Given back. The member has been told."), "good")
            return redirect(f"{DESK}?code=@{handle}", 303)
    return _desk(f"@{handle}", TakeForm(formdata=None), {taking_id: form})
