"""Pages: what points buy, ordering it, and what became of what a member redeemed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask.sansio.blueprints import BlueprintSetupState

from foundation import clock
from foundation.doors import reading, writing
from foundation.refusal import Refused
from foundation.web.forms import refilling
from foundation.web.pages import public_page, render
from foundation.words import _
from members.session import members_only, requires, signed_in, viewer
from rewards import programme
from rewards.catalogue import explaining, fulfilling, queries, redeeming
from rewards.catalogue import offers as verbs
from rewards.catalogue.forms import OrderForm

bp = Blueprint("rewards_catalogue", __name__)


@bp.record_once
def let_items_explain_themselves(state: BlueprintSetupState) -> None:
    """Also where a macro shows them, on any page."""
    state.app.jinja_env.globals["items_in_words"] = explaining


@bp.get("/rewards/catalogue")
def catalogue() -> Any:
    """What points buy: for visitors one kept page, for members what they may have now."""
    return _catalogue(signed_in().id) if viewer() else _for_visitors()


@public_page(lambda: ["programme", "catalogue"])
def _for_visitors() -> Any:
    return _catalogue(None)


def _catalogue(member_id: str | None) -> Any:
    with reading() as session:
        version = programme.latest(session)
        rules = version.rules if version else None
        offers = verbs.offers(session, rules, member_id, clock.now()) if rules else []
    return render(
        "rewards/catalogue/catalogue.html", offers=offers, rules=rules, is_member=bool(member_id)
    )


@bp.route("/rewards/catalogue/<item_key>", methods=["GET", "POST"])
@requires("reward.redeem")
def order(item_key: str) -> Any:
    """One item with its terms, and the form that redeems it."""
    now, member_id = clock.now(), signed_in().id
    form = OrderForm()
    with reading() as session:
        version, offer, available = verbs.offered(session, item_key, member_id, now)
    form.offer(offer)
    if form.validate_on_submit():
        with refilling(form), writing() as session:
            done = redeeming.redeem(session, member_id, form.order(item_key), now)
        if not form.refused:
            return _redeemed(done)
    if form.refused or not form.is_submitted():
        form.begin(version.number, now)
    shown = {"form": form, "offer": offer, "rules": version.rules, "available": available}
    page = render_template("rewards/catalogue/order.html", **shown)
    return page, 422 if form.errors else 200


def _redeemed(done: redeeming.Redeemed) -> Any:
    if done.voucher is not None:
        flash(_("Here is your voucher: %(code)s", code=done.voucher.code), "good")
    else:
        flash(_("It is ordered. We tell you as soon as it moves."), "good")
    return redirect(f"/me/redemptions/{done.redemption.id}", 303)


@bp.get("/me/redemptions")
@members_only
def mine() -> Any:
    """Everything a member redeemed."""
    with reading() as session:
        page = queries.of_member(session, signed_in().id, request.args.get("page"))
    return render_template("rewards/catalogue/redemptions.html", page=page)


@bp.get("/me/redemptions/<redemption_id>")
@members_only
def one(redemption_id: str) -> Any:
    """Where something is that she redeemed."""
    now = clock.now()
    with reading() as session:
        page = queries.one(session, redemption_id, now, signed_in().id)
    return render_template("rewards/catalogue/redemption.html", page=page, now=now)


@bp.post("/me/redemptions/<redemption_id>/cancel")
@requires("reward.redeem")
def cancel(redemption_id: str) -> Any:
    """She does not want it after all."""
    try:
        with writing() as session:
            fulfilling.cancel_own(session, redemption_id, signed_in().id, clock.now())
    except Refused as refusal:
        if refusal.status == 404:
            raise
        flash(_(refusal.sentence, **refusal.params), "bad")
    else:
        flash(_("Cancelled. Your points are back, with the expiry they had."), "good")
    return redirect(f"/me/redemptions/{redemption_id}", 303)
