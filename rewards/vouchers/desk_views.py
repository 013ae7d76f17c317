"""The staff's desk for vouchers: taken off an order by hand where no till asks the API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request

from foundation import clock
from foundation.doors import reading, writing
from foundation.web.forms import refilling
from foundation.words import _, when
from members.session import requires, signed_in
from rewards.models import Voucher
from rewards.vouchers import codes, queries
from rewards.vouchers.forms import FindForm, UseForm

bp = Blueprint("voucher_desk", __name__)

DESK = "/vouchers"


@bp.get(DESK)
@requires("voucher.take")
def desk() -> Any:
    """Which voucher it is, or which ones somebody has."""
    return _desk(request.args.get("code", ""), {})


def _desk(typed: str, refused: Mapping[str, UseForm]) -> Any:
    """The desk with whatever was asked for; `refused` are forms that come back, by code."""
    cursor = request.args.get("page")
    with reading() as session:
        page = queries.at_desk(session, typed, clock.now(), cursor, DESK) if typed else None
    shown = page.vouchers if page else ()
    answer = render_template(
        "rewards/vouchers/desk.html",
        find=FindForm(formdata=None, data={"code": typed}),
        forms={each.code: refused.get(each.code) or _form(each) for each in shown},
        refused=next(iter(refused.values()), None),
        typed=typed,
        page=page,
        now=clock.now(),
    )
    return answer, 422 if refused else 404 if typed and page is None else 200


def _form(voucher: Voucher) -> UseForm:
    form = UseForm(formdata=None, data={"code": voucher.code})
    return _told_apart(form, voucher.code)


def _told_apart(form: UseForm, code: str) -> UseForm:
    """A page has many of them: each has identifiers of its own."""
    for field in (form.order, form.total):
        field.id = f"{field.name}-{code}"
    form.total.flags.required = True  # where it is shown, the voucher asks for it
    return form


@bp.post(f"{DESK}/take")
@requires("voucher.take")
def take() -> Any:
    """Take a voucher off an order."""
    form, now = UseForm(), clock.now()
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            voucher = codes.of_code(session, form.typed("code"))
            code = voucher.code
            worth = form.worth(voucher.currency)
            who = signed_in().id
            codes.use(session, voucher, form.typed("order"), None, now, worth, by_id=who)
        if not form.refused:
            flash(_("The voucher was taken off. The member has been told."), "good")
            return redirect(f"{DESK}?code={code}", 303)
    return _desk(form.typed("code"), {form.typed("code"): _told_apart(form, form.typed("code"))})


@bp.post(f"{DESK}/give-back")
@requires("voucher.take")
def give_back() -> Any:
    """Give a voucher back from an order that fell through."""
    form, now = UseForm(), clock.now()
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            voucher = codes.taken_off(session, form.typed("code"), form.typed("order"))
            codes.give_back(session, voucher, form.typed("order"), now)
            code, until = voucher.code, voucher.expires_at
        if not form.refused:
            _say_given_back(until, now)
            return redirect(f"{DESK}?code={code}", 303)
    return _desk(form.typed("code"), {form.typed("code"): _told_apart(form, form.typed("code"))})


def _say_given_back(until: datetime | None, now: datetime) -> None:
    if until is None or until > now:
        flash(_("Given back. The member has been told."), "good")
        return
    day = when(until)
    flash(_("Given back, but it expired on %(day)s and cannot be used.", day=day), "warn")
