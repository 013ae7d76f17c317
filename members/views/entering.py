"""The door: join, confirm, sign in and out, get back in.

No page here tells whether an address has an account: the answers are the same, and what differs is
done by the worker (members/answering.py) or takes as long (members/passwords.py).
"""

from __future__ import annotations

import secrets
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
    session,
)
from flask_login import login_user

from foundation import clock, words
from foundation.doors import reading, writing
from foundation.refusal import Refused
from foundation.web import postbox
from foundation.web.forms import refilling, sentence_of
from foundation.web.languages import safe_path
from foundation.web.throttle import limit
from foundation.words import _
from members import (
    addresses,
    answering,
    passwords,
    proofs,
    resetting,
    signing_in,
    verifying,
)
from members.forms import (
    AddressForm,
    ConfirmElsewhereForm,
    ConfirmForm,
    JoinForm,
    NewPasswordForm,
    SignInForm,
)
from members.joining import SignUp, clean_name
from members.session import Viewers, token_hash, viewer
from members.signing_in import Known
from members.views import marks

bp = Blueprint("members", __name__)


@bp.route("/join", methods=["GET", "POST"])
@limit(marks.RATE, "join")
def join() -> Any:
    """Become a member."""
    if viewer():
        return redirect("/me", 303)
    form = JoinForm(rewards=True, community=True)
    if form.validate_on_submit():
        marks.take_a_try("join", form.typed("email"))
        with refilling(form):
            return _take_in(form)
    form.opened.data = form.opened.data or marks.stamp(clock.now())
    return _page("members/join.html", form)


def _take_in(form: JoinForm) -> Any:
    marks.check_age(form.typed("opened"), clock.now())
    name, email = clean_name(form.typed("name")), addresses.normalise(form.typed("email"))
    passwords.check(form.typed("password"), name=name, email=email)
    mark = secrets.token_urlsafe(16)
    draft = SignUp(
        name=name,
        email=email,
        password_hash=passwords.hashed(form.typed("password")),
        language=words.language(),
        consents={each: form[each].data for each in ("rewards", "community", "news")},
        browser=token_hash(mark),
        referral_cookie=request.cookies.get("referral", "")[:500] or None,
    )
    if not form.website.data:  # a program filled it in, and need not know that we noticed
        with writing() as db:
            answering.sign_up(db, draft, clock.now())
    session["joining"] = {"email": email, "mark": mark}
    return redirect("/verify", 303)


@bp.route("/verify", methods=["GET", "POST"])
@limit(marks.RATE, "verify")
def check_mail() -> Any:
    """Look into your mail; and the letter once more."""
    joining = session.get("joining", {})
    form = AddressForm(email=joining.get("email"))
    if form.validate_on_submit():
        marks.take_a_try("verify", form.typed("email"))
        with refilling(form):
            email, mark = addresses.normalise(form.typed("email")), joining.get("mark", "")
            with writing() as db:
                answering.send_again(db, email, token_hash(mark) if mark else "", clock.now())
            flash(_("If a sign-up waits for this address, the letter is on its way again."), "good")
            return redirect("/verify", 303)
    return _page("members/check_mail.html", form, email=joining.get("email"), postbox=postbox.way())


@bp.route("/verify/<token>", methods=["GET", "POST"])
@limit(marks.RATE, "verify-link")
def verify(token: str) -> Any:
    """The link of the letter: a page with a button, for mail programs open links by themselves."""
    claim = _looked("join", token, again="/verify").claim
    mark = session.get("joining", {}).get("mark", "")
    is_same_browser = bool(mark) and token_hash(mark) == claim.get("browser")
    form = ConfirmForm() if is_same_browser else ConfirmElsewhereForm()
    if form.validate_on_submit():
        with refilling(form):
            if not is_same_browser:
                _check_chosen(claim["password_hash"], form.typed("password"))
            with writing() as db:
                member_id = verifying.verify(db, token, clock.now())
            flash(_("Welcome! Your address is confirmed."), "good")
            return _enter(member_id, session.get("next"))
    return _page("members/verify.html", form, email=claim["email"], asks=not is_same_browser)


def _check_chosen(password_hash: str, password: str) -> None:
    """Whoever signed up with somebody else's address chose a password its owner does not know."""
    if not passwords.matches(password_hash, password):
        raise Refused(
            "This is not the password that was chosen at sign-up. If you do not know it, set a new"
            " one through “Forgot the password?”.",
            code="password",
            field="password",
        )


@bp.route("/sign-in", methods=["GET", "POST"])
@limit(marks.RATE, "sign-in")
def sign_in() -> Any:
    """Sign in, and go where one wanted to go."""
    wanted = safe_path(request.args.get("next"))
    session_next = {"next": wanted} if wanted != "/" else {}
    if viewer():
        return redirect(wanted if wanted != "/" else "/me", 303)
    form = SignInForm()
    if form.validate_on_submit():
        marks.take_a_try("sign-in", form.typed("email"))
        with refilling(form):
            return _enter(_proven(form.typed("email"), form.typed("password")).id, wanted)
    session.update(session_next)
    return _page("members/sign_in.html", form)


def _proven(email: str, password: str) -> Known:
    """The account that both belong to; takes the same time whatever is wrong. Raises Refused."""
    normal = addresses.normalise_known(email) or ""
    with reading() as db:
        known = signing_in.find(db, normal)
    if not passwords.matches(known.password_hash if known else None, password) or known is None:
        raise signing_in.wrong()
    return known


@bp.post("/sign-out")
def sign_out() -> Any:
    who = viewer()
    if who is not None:
        with writing() as db:
            signing_in.sign_out(db, who.token, clock.now())
    session.clear()
    return redirect("/", 303)


@bp.route("/reset", methods=["GET", "POST"])
@limit(marks.RATE, "reset")
def ask_for_reset() -> Any:
    """Forgot the password."""
    form = AddressForm()
    if form.validate_on_submit():
        marks.take_a_try("reset", form.typed("email"))
        with refilling(form):
            email = addresses.normalise(form.typed("email"))
            with writing() as db:
                answering.reset(db, email, clock.now())
            return redirect("/reset?sent=1", 303)
    return _page(
        "members/ask_for_reset.html", form, is_sent="sent" in request.args, postbox=postbox.way()
    )


@bp.route("/reset/<token>", methods=["GET", "POST"])
@limit(marks.RATE, "reset-link")
def reset(token: str) -> Any:
    """A new password, then in."""
    proven = _looked("reset", token, again="/reset")
    with reading() as db:
        known = signing_in.known(db, proven.member_id)
    form = NewPasswordForm()
    if form.validate_on_submit():
        with refilling(form):
            passwords.check(form.typed("password"), name=known.name, email=known.email)
            password_hash = passwords.hashed(form.typed("password"))
            with writing() as db:
                member_id = resetting.reset(db, token, password_hash, clock.now())
            flash(_("Your new password is set. All other browsers were signed out."), "good")
            return _enter(member_id, None)
    return _page("members/reset.html", form, email=known.email)


def _enter(member_id: str, wanted: str | None) -> Any:
    """Sign this browser in under a new session, whatever it carried before."""
    with writing() as db:
        token = signing_in.sign_in(
            db,
            member_id,
            clock.now(),
            address=request.remote_addr or "",
            browser=request.user_agent.string,
        )
        email = signing_in.known(db, member_id).email
    flashes = session.get("_flashes")
    session.clear()
    if flashes:
        session["_flashes"] = flashes
    login_user(Viewers({}).load(token))  # a redirect follows: nothing to count
    session.permanent = True
    target = safe_path(wanted)
    answer = redirect(target if target != "/" else "/me", 303)
    marks.remember(answer, email, secure=current_app.config["SESSION_COOKIE_SECURE"])
    return answer


def _looked(purpose: proofs.Purpose, token: str, *, again: str) -> proofs.Proven:
    """What a letter's link stands for; a link that is over gets a page that helps on."""
    try:
        with reading() as db:
            return proofs.look(db, purpose, token, clock.now())
    except Refused as refusal:
        page = render_template("members/old_link.html", sentence=sentence_of(refusal), again=again)
        abort(make_response(page, refusal.status))


def _page(template: str, form: Any, **more: Any) -> Any:
    return render_template(template, form=form, **more), 422 if form.errors else 200
