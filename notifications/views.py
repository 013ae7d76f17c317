"""Pages: what one was told, leaving letters of a kind, and previews for developers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, current_app, make_response, redirect, render_template, request
from sqlalchemy import select

from foundation import clock
from foundation.doors import reading as reading_door
from foundation.doors import writing
from foundation.outbox import Message
from foundation.web.languages import safe_path
from foundation.words import LANGUAGES, lazy
from members.session import members_only, requires, signed_in
from notifications import delivering, notices, reading, unsubscribing
from notifications.delivering import Draft

bp = Blueprint("notifications", __name__)

CATEGORIES = {
    "orders": lazy("Your orders"),
    "account": lazy("Your account"),
    "rewards": lazy("Rewards and referrals"),
    "community": lazy("Answers and club life"),
    "news": lazy("News from us"),
}

# A mail program knows only styles written into the elements, so a preview has to allow them. It is
# a page of its own, shown to developers, and nothing else may load or run on it.
PREVIEW_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)


@bp.get("/notifications")
@members_only
def listed() -> Any:
    who = signed_in()
    site_name = delivering.sender().site_name
    with reading_door() as session:
        page = reading.page(
            session, who.id, request.args.get("page"), name=who.name, site_name=site_name
        )
    return render_template("notifications/list.html", page=page, categories=CATEGORIES)


@bp.get("/notifications/<notification_id>")
@members_only
def opened(notification_id: str) -> Any:
    with writing() as session:
        link = reading.open_one(session, signed_in().id, notification_id, clock.now())
    if link is None:
        abort(404)
    return redirect(safe_path(link), 303)


@bp.post("/notifications/read")
@members_only
def read_all() -> Any:
    with writing() as session:
        reading.read_all(session, signed_in().id, clock.now())
    return redirect("/notifications", 303)


@bp.get("/unsubscribe/<token>")
def unsubscribe(token: str) -> Any:
    _member, category = unsubscribing.read(token)
    return render_template(
        "notifications/unsubscribe.html", category=CATEGORIES[category], done=False
    )


@bp.post("/unsubscribe/<token>")
def unsubscribed(token: str) -> Any:
    """A person's button and a mail program's one click; the link itself is the proof."""
    with writing() as session:
        category = unsubscribing.unsubscribe(session, token, clock.now())
    return render_template(
        "notifications/unsubscribe.html", category=CATEGORIES[category], done=True
    )


@bp.get("/dev/mails")
def mails() -> Any:
    _developers_only()
    by_category = [
        (title, [each for each in notices.known().values() if each.category == category])
        for category, title in CATEGORIES.items()
    ]
    return render_template("notifications/mails.html", groups=by_category, languages=LANGUAGES)


@bp.get("/dev/mails/<kind>")
def preview(kind: str) -> Any:
    _developers_only()
    notice = notices.known().get(kind)
    if notice is None:
        abort(404)
    language = request.args.get("language", "en")
    optional = (
        "/unsubscribe/example" if notice.category in ("rewards", "community", "news") else None
    )
    draft = Draft(
        "ada@example.com", "Ada", language, "UTC", kind, notice.example, "/example", optional
    )
    return _shown(draft)


@bp.get("/dev/mails/waiting")
@requires("operations.see")
def waiting() -> Any:
    """Letters that no mail server has taken yet: for trying things out without one."""
    _developers_only()
    with reading_door() as session:
        messages = session.scalars(
            select(Message)
            .where(Message.channel == "mail", Message.state == "waiting")
            .order_by(Message.id.desc())
            .limit(50)
        ).all()
        drafts = [
            (each, delivering.draft_of(session, each.payload, clock.now())) for each in messages
        ]
    return render_template("notifications/waiting.html", letters=drafts)


@bp.get("/dev/mails/waiting/<message_id>")
@requires("operations.see")
def waiting_letter(message_id: str) -> Any:
    _developers_only()
    with reading_door() as session:
        message = session.get(Message, message_id)
        draft = delivering.draft_of(session, message.payload, clock.now()) if message else None
    if draft is None:
        abort(404)
    return _shown(draft)


def _developers_only() -> None:
    if not current_app.extensions["settings"].developer_pages:
        abort(404)


def _shown(draft: Draft) -> Any:
    letter = delivering.compose(draft, "preview")
    if request.args.get("part") == "text":
        answer = make_response(f"Subject: {letter.subject}\n\n{letter.text}")
        answer.mimetype = "text/plain"
        return answer
    answer = make_response(letter.html)
    answer.headers["Content-Security-Policy"] = PREVIEW_POLICY
    return answer
