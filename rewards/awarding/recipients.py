"""Who is meant: a member by e-mail address, handle or the shop's customer number."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.refusal import Refused
from members import addresses
from members.models import Member
from rewards.awarding.award_files import AwardFile, Row

CHUNK = 1_000


def resolve(session: Session, source: AwardFile, rows: Sequence[Row]) -> dict[int, str]:
    """Member ids by row; a row that names nobody, or two, gets a problem instead."""
    asked = {row.member for row in rows if row.member}
    emails = {text: addresses.normalise_known(text) for text in asked if "@" in text[1:]}
    handles = {text: text.removeprefix("@").casefold() for text in asked - emails.keys()}
    numbers = {text for text in asked if not text.startswith("@")}
    by_email = _ids(session, Member.email, [each for each in emails.values() if each])
    by_handle = _ids(session, Member.handle, set(handles.values()))
    by_number = _ids(session, Member.customer_ref, numbers)
    found = dict[int, str]()
    for row in rows:
        text = row.member
        candidates = {
            by_email.get(emails.get(text) or ""),
            by_handle.get(handles.get(text, "")),
            by_number.get(text),
        } - {None}
        if len(candidates) == 1:
            found[row.row] = str(candidates.pop())
        elif text:
            source.wrong(row, "member", _nobody(text) if not candidates else _two(text))
    return found


def _nobody(text: str) -> Refused:
    return Refused(
        "Nobody here is known as “%(text)s”. Write an e-mail address, @handle or customer number.",
        code="unknown_member",
        text=text[:80],
    )


def _two(text: str) -> Refused:
    return Refused(
        "“%(text)s” names two members: one has it as handle, one as customer number. Write @handle"
        " or the e-mail address.",
        code="two_members",
        text=text[:80],
    )


def _ids(session: Session, column: Any, values: Collection[str]) -> dict[str, str]:
    wanted = sorted(values)
    found: dict[str, str] = {}
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        found.update(session.execute(select(column, Member.id).where(column.in_(chunk))).all())
    return found
