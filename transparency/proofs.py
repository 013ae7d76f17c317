"""Checking proofs: what anybody can do with a receipt and without trusting this site.

The two algorithms are those of RFC 9162 (Certificate Transparency 2.0), sections 2.1.3.2 and
2.1.4.2. Pure functions: they never raise on a wrong proof, they answer False.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from transparency.tree import EMPTY_ROOT, HASH_SIZE, Span, inclusion_spans, node_hash


def is_included(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows the hash `leaf` at `index` under the `root` of `size` leaves."""
    computed = root_from_inclusion(index, size, leaf, proof)
    return computed is not None and computed == root


def root_from_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to; None when its shape fits no such tree."""
    if not 0 <= index < size or not _are_hashes([leaf, *proof]):
        return None
    node, last, hashed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return None
        if node & 1 or node == last:
            hashed = node_hash(sibling, hashed)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            hashed = node_hash(hashed, sibling)
        node, last = node >> 1, last >> 1
    return hashed if last == 0 else None


@dataclass(frozen=True)
class Step:
    """One step of a proof: `sibling` joins in on `side`, and together they make `result`."""

    side: Literal["left", "right"]
    sibling: bytes
    sibling_span: Span
    result: bytes
    result_span: Span


def climb(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> list[Step]:
    """The way from a leaf up to the root, one step per hash of a (right) inclusion proof."""
    steps: list[Step] = []
    hashed, span = leaf, Span(index, index + 1)
    for sibling, beside in zip(proof, inclusion_spans(index, size), strict=True):
        if beside.start < span.start:
            hashed, span = node_hash(sibling, hashed), Span(beside.start, span.end)
            steps.append(Step("left", sibling, beside, hashed, span))
        else:
            hashed, span = node_hash(hashed, sibling), Span(span.start, beside.end)
            steps.append(Step("right", sibling, beside, hashed, span))
    return steps


def is_consistent(
    first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether `proof` shows that the tree of `second` leaves begins with the tree of `first`."""
    if not 0 <= first <= second or not _are_hashes([first_root, second_root, *proof]):
        return False
    if first == second:
        return not proof and first_root == second_root
    if first == 0:  # everything begins with nothing
        return not proof and first_root == EMPTY_ROOT
    return _grows(first, second, first_root, second_root, proof)


def _grows(
    first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    if not proof:
        return False
    path = [first_root, *proof] if first.bit_count() == 1 else list(proof)
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def _are_hashes(values: Sequence[bytes]) -> bool:
    return all(len(value) == HASH_SIZE for value in values)
