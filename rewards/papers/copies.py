"""Copies: every reader has one of her own, with a mark that leads back to her."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.once import insert_once
from foundation.refusal import Refused
from foundation.tables import ALPHABET, new_id
from members.models import Member
from rewards.papers.models import Paper, PaperCopy, PaperReading

#: Eight letters of 32 are 40 bits: nobody hits another reader's mark by trying.
LETTERS = 8


@dataclass(frozen=True)
class Trail:
    """Where a mark leads: the reader, the paper, and when she read or downloaded it."""

    mark: str
    reader: Member
    paper: Paper
    given_at: datetime
    readings: list[tuple[datetime, str]]


def hand_out(
    session: Session,
    paper_id: str,
    member_id: str,
    kind: Literal["read", "downloaded"],
    language: str,
    now: datetime,
) -> PaperCopy:
    """The member's copy, made when she first opens the paper; that, and each download, is put on
    record."""
    copy = hers(session, paper_id, member_id)
    is_news = copy is None or kind == "downloaded"
    while copy is None:
        row = {
            "id": new_id(now),
            "mark": new_mark(),
            "paper_id": paper_id,
            "member_id": member_id,
            "at": now,
        }
        insert_once(session, PaperCopy, row)  # another mark when this one is taken
        copy = hers(session, paper_id, member_id)
    if is_news:
        row = {"id": new_id(now), "copy_id": copy.id, "kind": kind, "language": language, "at": now}
        session.add(PaperReading(**row))
        session.flush()
    return copy


def whose(session: Session, mark: str) -> Trail:
    """Who was given the copy with this mark; Refused (404) when nobody was."""
    wanted = read_mark(mark)
    row = session.execute(
        select(PaperCopy, Member, Paper)
        .join(Member, Member.id == PaperCopy.member_id)
        .join(Paper, Paper.id == PaperCopy.paper_id)
        .where(PaperCopy.mark == wanted)
    ).first()
    if row is None:
        raise Refused(
            "No copy carries the mark %(mark)s. Read it once more: 0 and O, 1 and I look alike.",
            code="no_mark",
            status=404,
            mark=wanted,
        )
    copy, member, paper = row
    readings = session.execute(
        select(PaperReading.at, PaperReading.kind)
        .where(PaperReading.copy_id == copy.id)
        .order_by(PaperReading.id)
    )
    return Trail(copy.mark, member, paper, copy.at, [(at, kind) for at, kind in readings])


def new_mark() -> str:
    """A mark: K7QM-9XTA."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(LETTERS)).upper()
    return f"{letters[:4]}-{letters[4:]}"


def read_mark(typed: str) -> str:
    """A mark as somebody read it off a page, with the letters that look alike put right."""
    letters = "".join(letter for letter in typed.upper() if letter.isalnum())
    letters = letters.translate(str.maketrans("OIL", "011"))
    return f"{letters[:4]}-{letters[4:LETTERS]}"


def hers(session: Session, paper_id: str, member_id: str) -> PaperCopy | None:
    """The member's copy of a paper, if she has one."""
    return session.scalar(
        select(PaperCopy).where(PaperCopy.paper_id == paper_id, PaperCopy.member_id == member_id)
    )
