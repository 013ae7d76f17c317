"""Pages: the link itself, what the friend sees, the member's referrals, the staff's list."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from foundation import clock
from foundation.doors import reading, writing
from foundation.settings import Settings
from foundation.web.forms import refilling
from foundation.words import _
from members.session import members_only, requires, signed_in, viewer
from referral import codes, deciding, following, navigations, promises, queries, sharing, touches
from referral.forms import NameForm, VerdictForm
from referral.models import Code
from referral.statuses import STATUSES
from rewards import programme

bp = Blueprint("referral", __name__)

#: Where a friend lands who was not sent to a page of her own.
SHOP = "/products"


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


@bp.get("/r/<code>", defaults={"channel": ""})
@bp.get("/r/<code>/<channel>")
def follow(code: str, channel: str) -> Any:
    """A link: where a person's click is not answered before it gets here (following.Links)."""
    answer = redirect(following.LANDING, 302)
    answer.headers["Cache-Control"] = "no-store"
    if not navigations.is_person_opening_a_page(request.method, request.headers):
        return answer
    carried = request.cookies.get(touches.NAME, "")
    seen = following.visit(code, channel, request.args.get("to", ""), clock.now())
    cookie = following.follow(seen, carried)
    if cookie is None:
        return render_template("referral/unknown.html"), 404
    if cookie:
        answer.headers["Set-Cookie"] = following.header(cookie, https=_settings().is_https)
    return answer


@bp.get("/invited")
def invited() -> Any:
    """Who sent the friend, what both get for it, and where to go on."""
    touch = touches.read(request.cookies.get(touches.NAME), clock.now())
    who = viewer()
    with reading() as session:
        inviter = queries.inviter(session, touch.code) if touch else None
        promise = promises.promise(session, touch.channel if touch else None)
        is_awaited = bool(who and queries.waiting_for(session, who.id))
    is_own = bool(inviter and who and inviter.member_id == who.id)
    landing = touch.landing if touch and touch.landing not in ("", "/") else SHOP
    page = render_template(
        "referral/invited.html",
        inviter=inviter,
        promise=promise,
        shop=landing,
        is_own=is_own,
        is_member=bool(who) and not is_own and not is_awaited,
        days=touches.WINDOW.days,
    )
    return page, 200, {"Cache-Control": "private, no-store"}


@bp.get("/me/referrals")
@members_only
def mine() -> Any:
    """The member's link and what came of it."""
    return _mine(NameForm())


def _mine(form: NameForm) -> str:
    member_id, settings = signed_in().id, _settings()
    code = _code_of(member_id)
    if code and not form.is_submitted():
        form.name.data = code.shown_as
    with reading() as session:
        promise = promises.promise(session)
        return render_template(
            "referral/mine.html",
            form=form,
            code=code,
            promise=promise,
            page=queries.of_member(session, member_id, request.args.get("page")),
            counts=queries.counts(session, member_id),
            channels=queries.clicks_by_channel(session, member_id),
            **_share(session, settings, code),
        )


def _share(session: Session, settings: Settings, code: Code | None) -> dict[str, Any]:
    if code is None:
        return {"link": None, "text": "", "shares": []}

    rules = programme.current(session)

    def text_for(channel: str) -> str:
        return promises.share_text(settings.site_name, promises.of(rules, channel))

    subject = _("For you: %(site)s", site=settings.site_name)
    return {
        "link": sharing.link(settings.public_url, code.code),
        "text": text_for("link"),
        "shares": sharing.shares(settings.public_url, code.code, text_for, subject),
    }


def _code_of(member_id: str) -> Code | None:
    """The member's code; written at the first visit, only read afterwards."""
    with reading() as session:
        found = codes.active(session, member_id)
    if found is not None:
        return found
    with writing() as session:
        return codes.ensure(session, member_id, clock.now())


@bp.get("/me/referrals/qr.<any(svg, png):kind>")
@members_only
def qr(kind: str) -> Any:
    """The member's link as a picture: for paper, for WeChat, for a phone held to a phone."""
    channel = "wechat" if request.args.get("for") == "wechat" else "qr"
    with reading() as session:
        code = codes.active(session, signed_in().id)
    if code is None:
        raise NotFound
    address = sharing.link(_settings().public_url, code.code, channel)
    mimetype = "image/svg+xml" if kind == "svg" else "image/png"
    picture = Response(sharing.picture(address, kind), mimetype=mimetype)
    if "download" in request.args:
        picture.headers["Content-Disposition"] = f'attachment; filename="{code.code}.{kind}"'
    return picture


@bp.post("/me/referrals/name")
@members_only
def name() -> Any:
    """Choose the name that friends see."""
    form = NameForm()
    if form.validate():
        with refilling(form), writing() as session:
            codes.show_as(session, signed_in().id, form.name.data or "")
        if not form.refused:
            flash(_("Your friends will see this name from now on."), "good")
            return redirect("/me/referrals", 303)
    return _mine(form), 422


@bp.post("/me/referrals/renew")
@members_only
def renew() -> Any:
    """A fresh link; the old one stops working."""
    with writing() as session:
        codes.renew(session, signed_in().id, clock.now())
    flash(_("This is your new link. The old one no longer works."), "good")
    return redirect("/me/referrals", 303)


@bp.post("/me/referrals/revoke")
@members_only
def revoke() -> Any:
    """No link at all."""
    with writing() as session:
        codes.revoke(session, signed_in().id, clock.now())
    flash(_("Your link no longer works. Friends who followed it before still count."), "good")
    return redirect("/me/referrals", 303)


@bp.get("/referrals")
@requires("referrals.see")
def everybody() -> Any:
    """All referrals, for the staff."""
    return _everybody(VerdictForm(), None)


def _everybody(form: VerdictForm, referral_id: str | None) -> str:
    state = request.args.get("state")
    with reading() as session:
        return render_template(
            "referral/everybody.html",
            page=queries.everybody(session, state, request.args.get("page")),
            tabs_of_states=_tabs(queries.states(session)),
            state=state,
            form=form,
            refused=referral_id,
        )


def _tabs(states: dict[str, int]) -> list[tuple[str, Any, int]]:
    tabs = [("/referrals", _("All"), sum(states.values()))]
    return tabs + [(f"/referrals?state={key}", STATUSES[key].label, n) for key, n in states.items()]


@bp.post("/referrals/<referral_id>/approve")
@requires("referral.decide")
def approve(referral_id: str) -> Any:
    """A doubted referral goes on."""
    with writing() as session:
        deciding.approve(session, referral_id, signed_in().id, clock.now())
    flash(_("The referral goes on as if it had never been doubted."), "good")
    return redirect("/referrals?state=doubted", 303)


@bp.post("/referrals/<referral_id>/refuse")
@requires("referral.decide")
def refuse(referral_id: str) -> Any:
    """A doubted referral ends here, with a reason."""
    form = VerdictForm()
    if form.validate():
        with refilling(form), writing() as session:
            deciding.refuse(session, referral_id, form.reason.data, signed_in().id, clock.now())
        if not form.refused:
            flash(_("Refused. The member was told why."), "good")
            return redirect("/referrals?state=doubted", 303)
    return _everybody(form, referral_id), 422
