"""Pictures of the catalogue's items: which of the store are named, and so kept."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from rewards.models import ProgrammeDraft, ProgrammeVersion
from rewards.rules import Programme, read


def named_by(rules: Programme) -> set[str]:
    """The hashes of the pictures in a programme."""
    return {item.picture.sha256 for item in rules.catalogue if item.picture is not None}


def named(session: Session) -> set[str]:
    """The hashes of the pictures in the draft and in every version there ever was.

    The draft first: what it names and somebody publishes meanwhile is then in a version.
    """
    documents = [
        *session.scalars(select(ProgrammeDraft.rules)),
        *session.scalars(select(ProgrammeVersion.rules)),
    ]
    return {sha256 for document in documents for sha256 in named_by(read(document))}
