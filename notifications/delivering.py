"""Delivering: the channel `mail` of the outbox.

A message names a notification, or is a letter of its own (members/letters.py). It is put into words
when it leaves, in the language its reader has by then, and consent is asked again: who unsubscribed
a minute ago gets nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from foundation import mail
from foundation.doors import reading
from foundation.outbox import Message
from foundation.settings import Settings
from foundation.words import _, use_language
from members import consents
from members.models import Member
from notifications import rendering, unsubscribing
from notifications.models import Notification


@dataclass(frozen=True)
class Sender:
    """From where letters go out, and where their links lead (never the Host of a request)."""

    smtp_url: str = ""
    address: str = "Bellmouth <hello@localhost.localdomain>"
    site_name: str = "Bellmouth"
    public_url: str = "http://localhost"


_sender = Sender()


def use(settings: Settings) -> None:
    """Take the settings that letters need (app.py calls it)."""
    global _sender
    _sender = Sender(settings.smtp_url, settings.mail_from, settings.site_name, settings.public_url)
    unsubscribing.sign_with(settings.key())


def sender() -> Sender:
    """What letters are sent with."""
    return _sender


@dataclass(frozen=True)
class Draft:
    """One letter before it is put into words."""

    to: str
    name: str
    language: str
    time_zone: str
    kind: str
    params: Mapping[str, Any]
    link: str
    unsubscribe: str | None = None
    is_unclaimed: bool = False
    told_at: datetime | None = None


def carry_mail(message: Message, now: datetime) -> None:
    """Send one message; raises NoMailServer, SMTPException or OSError when that is impossible.

    What needs no sending any more (no consent, no address, a link too old) counts as delivered.
    """
    with reading() as session:
        draft = draft_of(session, message.payload, now)
    if draft is not None:
        letter = compose(draft, message.id)
        mail.send(letter, smtp_url=_sender.smtp_url, sender=_sender.address)


def draft_of(session: Session, payload: Mapping[str, Any], now: datetime) -> Draft | None:
    """The letter of an outbox payload, or None when there is nothing to send."""
    if "notification" in payload:
        return _of_notification(session, payload["notification"])
    until = payload.get("until")
    if until and datetime.fromisoformat(until) < now:
        return None
    member = session.get_one(Member, payload["member"])
    link = payload.get("secret") or payload["link"]
    return _draft(member, payload["letter"], payload["params"], link, to=payload["to"])


def compose(draft: Draft, message_id: str) -> mail.Letter:
    """The letter in its reader's language. Its Message-ID stays the same over retries."""
    url = _sender.public_url
    leave_url = url + draft.unsubscribe if draft.unsubscribe else None
    with use_language(draft.language, draft.time_zone):
        spoken = rendering.words_of(
            draft.kind,
            draft.params,
            name=draft.name,
            site_name=_sender.site_name,
            told_at=draft.told_at,
        )
        made = rendering.mail(
            spoken,
            link=url + draft.link,
            site_name=_sender.site_name,
            footer=_reasons(draft, url),
            leave_url=leave_url,
        )
    headers = {}
    if leave_url:
        headers["List-Unsubscribe"] = f"<{leave_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return mail.Letter(draft.to, made.subject, made.text, made.html, message_id, headers)


def _of_notification(session: Session, notification_id: str) -> Draft | None:
    told = session.get(Notification, notification_id)
    if told is None:
        return None
    member = session.get_one(Member, told.member_id)
    if member.email is None or not consents.allows(session, member.id, told.category):
        return None
    is_optional = told.category not in consents.TRANSACTIONAL
    unsubscribe = unsubscribing.link(member.id, told.category) if is_optional else None
    link = f"/notifications/{told.id}"
    if member.claimed_at is None:
        link = told.link  # she cannot sign in, but a public page may stand behind it
    made = _draft(member, told.kind, told.params, link, to=member.email, unsubscribe=unsubscribe)
    return replace(made, told_at=told.created_at)


def _draft(
    member: Member,
    kind: str,
    params: Mapping[str, Any],
    link: str,
    *,
    to: str,
    unsubscribe: str | None = None,
) -> Draft:
    return Draft(
        to,
        member.name,
        member.language,
        member.time_zone,
        kind,
        params,
        link,
        unsubscribe,
        is_unclaimed=member.claimed_at is None and link[:7] not in ("/verify", "/reset/"),
    )


def _reasons(draft: Draft, url: str) -> tuple[str, ...]:
    """Why she gets this letter, and what else she should know about it."""
    if draft.unsubscribe:
        return (_("You get this letter because you asked for letters like it."),)
    reason = _("You get this letter because it is about your account or your order.")
    if draft.is_unclaimed:
        claim = _(
            "Join with this address and you find your orders there: %(url)s", url=f"{url}/join"
        )
        return reason, claim
    return (reason,)
