"""The Merkle tree of RFC 6962, section 2.1: pure arithmetic and SHA-256, no database.

A tree of n leaves is kept as its complete subtrees. A *node* (level, position) is the hash of the
leaves [position * 2^level, (position + 1) * 2^level); level 0 are the leaves themselves. A node
never changes once its leaves are there, so nodes can be stored append-only, and every root and
every proof is folded from at most about 2 * log2(n) of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()


class Node(NamedTuple):
    """The place of one complete subtree."""

    level: int
    position: int


class Span(NamedTuple):
    """The leaves from `start` up to but not including `end`."""

    start: int
    end: int


class Grown(NamedTuple):
    """A subtree that a new leaf has just completed."""

    level: int
    position: int
    hash: bytes


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf; the prefix 0 keeps it apart from inner nodes."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: its complete subtrees, the largest first."""

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        """Continue a tree of `size` leaves whose `nodes_of(Span(0, size))` hash to `peaks`."""
        if len(peaks) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} complete subtrees")
        self.size = size
        self.peaks = list(peaks)

    def push(self, leaf: bytes) -> Iterator[Grown]:
        """Add the hash of a leaf; yields the subtrees above level 0 that it completes."""
        self.peaks.append(leaf)
        self.size += 1
        level = 0
        while self.size % (1 << (level + 1)) == 0:
            level += 1
            right = self.peaks.pop()
            self.peaks.append(node_hash(self.peaks.pop(), right))
            yield Grown(level, (self.size >> level) - 1, self.peaks[-1])

    @property
    def root(self) -> bytes:
        """The root over all leaves pushed so far."""
        return fold(self.peaks)


def fold(peaks: Sequence[bytes]) -> bytes:
    """The hash of a span from the hashes of its complete subtrees, left to right."""
    if not peaks:
        return EMPTY_ROOT
    hashed = peaks[-1]
    for peak in reversed(peaks[:-1]):
        hashed = node_hash(peak, hashed)
    return hashed


def nodes_of(span: Span) -> list[Node]:
    """The complete subtrees that make up `span`, left to right.

    `span` is one that occurs in a tree: its start is a multiple of a power of two that is not
    smaller than its length.
    """
    nodes, start = [], span.start
    while start < span.end:
        level = (span.end - start).bit_length() - 1
        nodes.append(Node(level, start >> level))
        start += 1 << level
    return nodes


def inclusion_spans(index: int, size: int) -> list[Span]:
    """What a proof that leaf `index` is in the tree of `size` leaves consists of, from the leaf up.

    PATH(m, D[n]) of RFC 6962, section 2.1.1. ValueError when there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    spans, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            spans.append(Span(middle, end))
            end = middle
        else:
            spans.append(Span(start, middle))
            start = middle
    return spans[::-1]


def consistency_spans(first: int, second: int) -> list[Span]:
    """What a proof that the tree of `second` leaves begins with that of `first` consists of.

    PROOF(m, D[n]) of RFC 6962, section 2.1.2. ValueError unless 0 < first <= second.
    """
    if not 0 < first <= second:
        raise ValueError("a consistency proof needs 0 < first <= second")
    spans, start, end = [], 0, second
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            spans.append(Span(middle, end))
            end = middle
        else:
            spans.append(Span(start, middle))
            start = middle
    if start > 0:  # otherwise it is the whole first tree, whose root the reader has
        spans.append(Span(start, end))
    return spans[::-1]


def hashes(spans: Iterable[Span], hash_of: Callable[[Node], bytes]) -> list[bytes]:
    """The hash of each span, folded from the complete subtrees that `hash_of` knows."""
    return [fold([hash_of(node) for node in nodes_of(span)]) for span in spans]


def _split(length: int) -> int:
    """The largest power of two smaller than `length`."""
    return 1 << ((length - 1).bit_length() - 1)
