"""Appending to the log."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from transparency import queries
from transparency.canonical import canonical
from transparency.models import Leaf, LogHead, LogNode, LogSalt
from transparency.tree import HASH_SIZE, Frontier, Grown, leaf_hash


@dataclass(frozen=True)
class LeafDraft:
    """What a leaf is to say; `content` is what the site serves: JSON values without fractions."""

    event: str
    subject: str
    content: Mapping[str, Any]
    author_id: str | None = None


def append(
    session: Session,
    *,
    event: str,
    subject: str,
    content: Mapping[str, Any],
    now: datetime,
    author_id: str | None = None,
) -> Leaf:
    """Add one leaf: that `event` (`review.published`) happened to `subject` (`review:<id>`).

    Only a salted hash of `content` enters the log. TypeError or ValueError when `content` holds
    what has no canonical form (fractions, moments: write those as text). Appenders wait for each
    other until commit, so append late in a transaction, and before `versions.touch`: with one
    order for everybody two writers never wait for each other.
    """
    return append_many(session, [LeafDraft(event, subject, content, author_id)], now)[0]


def append_many(session: Session, drafts: Sequence[LeafDraft], now: datetime) -> list[Leaf]:
    """Add leaves in the order given, in the same few statements however many they are."""
    salts = [secrets.token_bytes(HASH_SIZE) for _ in drafts]
    commitments = [
        commitment(salt, draft.content) for salt, draft in zip(salts, drafts, strict=True)
    ]
    frontier = _lock(session)
    leaves: list[Leaf] = []
    grown: list[Grown] = []
    for draft, committed in zip(drafts, commitments, strict=True):
        leaves.append(_leaf(frontier.size, draft, committed, now))
        grown.extend(frontier.push(leaves[-1].hash))
    _keep(session, leaves, grown)
    _keep_salts(session, leaves, drafts, salts)
    session.execute(update(LogHead).values(size=frontier.size, root=frontier.root))
    return leaves


def commitment(salt: bytes, content: Mapping[str, Any]) -> bytes:
    """What a leaf says about a text without telling it: SHA-256 of salt and canonical content."""
    return sha256(salt + canonical(content)).digest()


def _lock(session: Session) -> Frontier:
    """The right edge of the log, ours until commit (on SQLite the writer has the whole file)."""
    size = session.execute(select(LogHead.size).with_for_update()).scalar_one()
    return Frontier(size, queries.peaks(session, size))


def _leaf(index: int, draft: LeafDraft, committed: bytes, now: datetime) -> Leaf:
    leaf = Leaf(index=index, event=draft.event, subject=draft.subject, at=now, commitment=committed)
    leaf.hash = leaf_hash(leaf.data)
    return leaf


def _keep(session: Session, leaves: Sequence[Leaf], grown: Sequence[Grown]) -> None:
    session.add_all(leaves)
    session.flush()
    if grown:
        session.execute(insert(LogNode), [node._asdict() for node in grown])


def _keep_salts(
    session: Session, leaves: Sequence[Leaf], drafts: Sequence[LeafDraft], salts: Sequence[bytes]
) -> None:
    rows = [
        {
            "leaf_index": leaf.index,
            "subject": leaf.subject,
            "author_id": draft.author_id,
            "salt": salt,
        }
        for leaf, draft, salt in zip(leaves, drafts, salts, strict=True)
    ]
    if rows:
        session.execute(insert(LogSalt), rows)
