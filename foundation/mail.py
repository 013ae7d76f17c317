"""Mail over SMTP, nothing else: what to say is the notices' business."""

from __future__ import annotations

import smtplib
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from urllib.parse import unquote, urlsplit

from foundation.outbox import NotNow

#: Seconds a silent mail server may keep a worker waiting.
TIMEOUT = 20


@dataclass(frozen=True)
class Letter:
    """One mail, ready to send. `message_id` stays the same over retries, so doubles can be told."""

    to: str
    subject: str
    text: str
    html: str
    message_id: str
    headers: dict[str, str] = field(default_factory=dict)


class NoMailServer(NotNow):
    """No SMTP server is configured; letters stay in the outbox and lose no try."""


def send(letter: Letter, *, smtp_url: str, sender: str) -> None:
    """Hand the letter to the server; raises smtplib.SMTPException or OSError when it cannot."""
    if not smtp_url:
        raise NoMailServer("set BELLMOUTH_SMTP_URL and this mail goes out by itself")
    where = urlsplit(smtp_url)
    door = smtplib.SMTP_SSL if where.scheme == "smtps" else smtplib.SMTP
    port = where.port or (465 if where.scheme == "smtps" else 25)
    with door(where.hostname or "localhost", port, timeout=TIMEOUT) as server:
        server.ehlo()  # before it, no server is known to offer anything
        if where.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls()
        if where.username:
            server.login(unquote(where.username), unquote(where.password or ""))
        server.send_message(_message(letter, sender))


def _message(letter: Letter, sender: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = letter.to
    message["Subject"] = letter.subject
    message["Date"] = formatdate()
    domain = parseaddr(sender)[1].partition("@")[2] or "localhost"
    message["Message-ID"] = f"<{letter.message_id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    for name, value in letter.headers.items():
        message[name] = value
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message
