"""What the log holds, read in a fixed, small number of statements."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from foundation.paging import Page, read_page
from foundation.refusal import Refused
from transparency.models import Checkpoint, Leaf, LogHead, LogNode, LogSalt
from transparency.tree import Node, Span, consistency_spans, fold, hashes, inclusion_spans, nodes_of

#: Digits of the largest index a cursor may name; a longer one is no cursor of ours.
LONGEST_CURSOR = 16


@dataclass(frozen=True)
class Line:
    """A leaf in a list."""

    index: int
    event: str
    subject: str
    at: datetime
    hash: bytes


@dataclass(frozen=True)
class Head:
    """How many leaves there are and the root over them."""

    size: int
    root: bytes


def head(session: Session) -> Head:
    """The newest head of the log."""
    size, root = session.execute(select(LogHead.size, LogHead.root)).one()
    return Head(size, root)


def leaf(session: Session, index: int) -> Leaf:
    """The leaf at `index`; refused when there is none (yet)."""
    size = head(session).size
    found = session.get(Leaf, index) if 0 <= index < size else None
    if found is None:
        raise Refused(
            "The log has no leaf %(index)s: it holds %(size)s leaves, counted from 0.",
            code="no_such_leaf",
            field="leaf",
            status=404,
            index=index,
            size=size,
        )
    return found


def newest(
    session: Session, *, subject: str = "", before: int | None = None, limit: int = 20
) -> list[Leaf]:
    """The newest leaves first, of one subject if given, older than the index `before` if given."""
    query = select(Leaf).order_by(Leaf.index.desc()).limit(limit)
    if subject:
        query = query.where(Leaf.subject == subject)
    if before is not None:
        query = query.where(Leaf.index < before)
    return list(session.scalars(query))


def page_of_leaves(session: Session, subject: str, cursor: str | None, path: str) -> Page[Line]:
    """A page of leaves, newest first, of one subject if given; `path` is the list's address."""
    number = Leaf.index.label("number")
    query: Any = select(number, Leaf.event, Leaf.subject, Leaf.at, Leaf.hash)
    if subject:
        query = query.where(Leaf.subject == subject)
        path = f"{path}?{urlencode({'subject': subject})}"
    if cursor and len(cursor) > LONGEST_CURSOR:
        cursor = None
    return read_page(session, query, number, cursor=cursor, size=20, make=_line, path=path)


def _line(row: Any) -> Line:
    return Line(row.number, row.event, row.subject, row.at, row.hash)


def oldest(session: Session, *, start: int = 0, limit: int = 1000) -> list[Leaf]:
    """The leaves in the order of the log, from the index `start` on."""
    query = select(Leaf).where(Leaf.index >= start).order_by(Leaf.index).limit(limit)
    return list(session.scalars(query))


def checkpoints(session: Session, limit: int = 10) -> list[Checkpoint]:
    """The checkpoints written last, newest first."""
    return list(session.scalars(select(Checkpoint).order_by(Checkpoint.size.desc()).limit(limit)))


def salts(session: Session, indexes: Sequence[int]) -> dict[int, bytes]:
    """The salts that are still kept, by the index of their leaf."""
    query = select(LogSalt.leaf_index, LogSalt.salt).where(LogSalt.leaf_index.in_(indexes))
    return {row.leaf_index: row.salt for row in session.execute(query)}


def inclusion_proof(session: Session, index: int, size: int) -> list[bytes]:
    """The hashes that lead from the leaf at `index` to the root of the first `size` leaves."""
    _must_hold(session, size)
    if not 0 <= index < size:
        raise Refused(
            "A log of %(size)s leaves has no leaf %(index)s. Ask for a leaf below the size.",
            code="leaf_beyond_size",
            field="leaf",
            index=index,
            size=size,
        )
    return _span_hashes(session, inclusion_spans(index, size))


def consistency_proof(session: Session, first: int, second: int) -> list[bytes]:
    """The hashes that show that the log of `second` leaves begins with the log of `first`."""
    _must_hold(session, second)
    if not 0 < first <= second:
        raise Refused(
            "Ask for a first size from 1 up to the second size, %(second)s.",
            code="sizes_out_of_order",
            field="first",
            second=second,
        )
    return _span_hashes(session, consistency_spans(first, second))


def root_at(session: Session, size: int) -> bytes:
    """The root the log had when it held `size` leaves."""
    _must_hold(session, size)
    return fold(peaks(session, size))


def peaks(session: Session, size: int) -> list[bytes]:
    """The hashes of the complete subtrees of the first `size` leaves, largest first."""
    wanted = nodes_of(Span(0, size))
    known = nodes(session, wanted)
    return [known[node] for node in wanted]


def nodes(session: Session, wanted: Collection[Node]) -> dict[Node, bytes]:
    """The stored hashes of complete subtrees, in at most two statements."""
    return {**_leaf_hashes(session, wanted), **_inner_hashes(session, wanted)}


def _leaf_hashes(session: Session, wanted: Collection[Node]) -> dict[Node, bytes]:
    indexes = [node.position for node in wanted if node.level == 0]
    if not indexes:
        return {}
    rows = session.execute(select(Leaf.index, Leaf.hash).where(Leaf.index.in_(indexes)))
    return {Node(0, index): hashed for index, hashed in rows}


def _inner_hashes(session: Session, wanted: Collection[Node]) -> dict[Node, bytes]:
    places = [
        and_(LogNode.level == node.level, LogNode.position == node.position)
        for node in wanted
        if node.level > 0
    ]
    if not places:
        return {}
    query = select(LogNode.level, LogNode.position, LogNode.hash).where(or_(*places))
    return {Node(level, position): hashed for level, position, hashed in session.execute(query)}


def _span_hashes(session: Session, spans: Sequence[Span]) -> list[bytes]:
    known = nodes(session, [node for span in spans for node in nodes_of(span)])
    return hashes(spans, known.__getitem__)


def _must_hold(session: Session, size: int) -> None:
    held = head(session).size
    if not 0 <= size <= held:
        raise Refused(
            "The log holds %(held)s leaves. Ask for a size from 0 to %(held)s.",
            code="size_beyond_log",
            field="size",
            held=held,
        )
