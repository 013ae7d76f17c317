"""The letters of a demo without mail server: those that wait in the outbox, put into words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.outbox import Message
from foundation.words import use_language
from notifications import delivering, rendering
from notifications.delivering import Draft

#: The newest so many are shown.
SHOWN = 50

LINK = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True)
class Letter:
    """A letter that waits; `text` in pieces, each with the page it leads to or None."""

    id: str
    to: str
    subject: str
    at: datetime
    text: Sequence[tuple[str, str | None]] = ()


def waiting(session: Session, now: datetime) -> Sequence[Letter]:
    """Letters that would be sent if there were a mail server, newest first."""
    messages = session.scalars(
        select(Message)
        .where(Message.channel == "mail", Message.state == "waiting")
        .order_by(Message.id.desc())
        .limit(SHOWN)
    ).all()
    drafts = ((each, delivering.draft_of(session, each.payload, now)) for each in messages)
    return [Letter(m.id, d.to, _subject(d), m.created_at) for m, d in drafts if d]


def one(session: Session, message_id: str, now: datetime) -> Letter | None:
    """One of these letters with its text; None when it does not wait any more."""
    message = session.get(Message, message_id)
    if message is None or message.channel != "mail" or message.state != "waiting":
        return None
    draft = delivering.draft_of(session, message.payload, now)
    if draft is None:
        return None
    written = delivering.compose(draft, message.id)
    pieces = tuple(_pieces(written.text, delivering.sender().public_url))
    return Letter(message.id, draft.to, written.subject, message.created_at, pieces)


def _subject(draft: Draft) -> str:
    with use_language(draft.language, draft.time_zone):
        site_name = delivering.sender().site_name
        return rendering.words_of(
            draft.kind, draft.params, name=draft.name, site_name=site_name
        ).subject


def _pieces(text: str, public_url: str) -> Iterator[tuple[str, str | None]]:
    """Text and links by turns. Only links to this site lead anywhere, whatever it is called."""
    end = 0
    for found in LINK.finditer(text):
        link = found[0]
        is_ours = link.startswith(public_url + "/")
        yield text[end : found.start()], None
        yield link, link.removeprefix(public_url) if is_ours else None
        end = found.end()
    yield text[end:], None
