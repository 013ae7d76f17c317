"""The Merkle tree and its proofs, against published vectors and a naive reference."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transparency.proofs import climb, is_consistent, is_included
from transparency.tree import (
    EMPTY_ROOT,
    Frontier,
    Node,
    Span,
    consistency_spans,
    fold,
    inclusion_spans,
    leaf_hash,
    node_hash,
    nodes_of,
)

# The sample tree of the Certificate Transparency reference implementation.
ENTRIES = [
    bytes.fromhex(each)
    for each in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}

sizes = st.integers(1, 130)


# The naive reference: the definitions of RFC 6962, section 2.1, word for word.


def largest_power_below(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def naive_root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    k = largest_power_below(len(leaves))
    return sha256(b"\1" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(m: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = largest_power_below(len(leaves))
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_proof(m: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [naive_root(leaves)]
    k = largest_power_below(len(leaves))
    if m <= k:
        return [*naive_proof(m, leaves[:k], whole), naive_root(leaves[k:])]
    return [*naive_proof(m - k, leaves[k:], False), naive_root(leaves[:k])]


def entries(size: int) -> list[bytes]:
    return [b"leaf %d" % index for index in range(size)]


def grow(data: list[bytes]) -> tuple[Frontier, dict[Node, bytes]]:
    frontier, stored = Frontier(), {}
    for index, each in enumerate(data):
        stored[Node(0, index)] = leaf_hash(each)
        for level, position, hashed in frontier.push(leaf_hash(each)):
            stored[Node(level, position)] = hashed
    return frontier, stored


def proof(spans: list[Span], stored: dict[Node, bytes]) -> list[bytes]:
    return [fold([stored[node] for node in nodes_of(span)]) for span in spans]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_published_ones(size):
    assert grow(ENTRIES[:size])[0].root.hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_inclusion_proofs_are_the_published_ones(index, size):
    _, stored = grow(ENTRIES)
    made = proof(inclusion_spans(index, size), stored)
    assert [each.hex() for each in made] == INCLUSION[index, size]
    assert is_included(index, size, leaf_hash(ENTRIES[index]), made, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("first", "second"), CONSISTENCY)
def test_consistency_proofs_are_the_published_ones(first, second):
    _, stored = grow(ENTRIES)
    made = proof(consistency_spans(first, second), stored)
    assert [each.hex() for each in made] == CONSISTENCY[first, second]
    roots = bytes.fromhex(ROOTS[first]), bytes.fromhex(ROOTS[second])
    assert is_consistent(first, second, *roots, made)


@given(sizes)
def test_the_root_is_the_naive_root(size):
    frontier, stored = grow(entries(size))
    assert frontier.root == naive_root(entries(size))
    assert len(stored) == 2 * size - size.bit_count()


@given(st.data(), sizes)
def test_every_inclusion_proof_is_the_naive_one_and_is_accepted(data, size):
    index = data.draw(st.integers(0, size - 1))
    leaves = entries(size)
    made = proof(inclusion_spans(index, size), grow(leaves)[1])
    assert made == naive_path(index, leaves)
    assert is_included(index, size, leaf_hash(leaves[index]), made, naive_root(leaves))


@given(st.data(), sizes)
def test_every_consistency_proof_is_the_naive_one_and_is_accepted(data, second):
    first = data.draw(st.integers(1, second))
    leaves = entries(second)
    made = proof(consistency_spans(first, second), grow(leaves)[1])
    assert made == naive_proof(first, leaves)
    assert is_consistent(first, second, naive_root(leaves[:first]), naive_root(leaves), made)


@given(st.data(), sizes)
def test_a_changed_inclusion_proof_is_refused(data, size):
    index = data.draw(st.integers(0, size - 1))
    leaves = entries(size)
    path, leaf, root = naive_path(index, leaves), leaf_hash(leaves[index]), naive_root(leaves)
    other = data.draw(st.integers(-1, size + 1).filter(lambda each: each != index))
    assert not is_included(index, size, leaf_hash(b"another"), path, root)
    assert not is_included(other, size, leaf, path, root)
    assert not is_included(index, size, leaf, [*path, root], root)
    assert not is_included(index, size, leaf, path, node_hash(root, root))
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        assert not is_included(index, size, leaf, path[:at] + path[at + 1 :], root)
        assert not is_included(index, size, leaf, [*path[:at], leaf, *path[at + 1 :]], root) or (
            path[at] == leaf
        )


@given(st.data(), sizes)
def test_a_changed_consistency_proof_is_refused(data, second):
    first = data.draw(st.integers(1, second))
    leaves = entries(second)
    roots = naive_root(leaves[:first]), naive_root(leaves)
    path = naive_proof(first, leaves)
    rewritten = naive_root([b"rewritten", *leaves[1:first]])
    assert not is_consistent(first, second, rewritten, roots[1], path)
    assert not is_consistent(first, second, *roots, [*path, roots[0]])
    assert not is_consistent(second + 1, second, *roots, path)
    if path:
        assert not is_consistent(first, second, *roots, path[:-1])
        assert not is_consistent(first, second, *roots, path[1:])


def test_everything_begins_with_nothing():
    assert is_consistent(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    assert is_consistent(0, 5, EMPTY_ROOT, naive_root(entries(5)), [])
    assert not is_consistent(0, 5, b"x" * 32, naive_root(entries(5)), [])


def test_hashes_of_another_length_are_refused():
    assert not is_included(0, 2, b"short", [b"x" * 32], b"x" * 32)
    assert not is_consistent(1, 2, b"short", b"x" * 32, [b"x" * 32])


def test_what_cannot_be_proved_is_said_at_once():
    with pytest.raises(ValueError):
        inclusion_spans(3, 3)
    with pytest.raises(ValueError):
        consistency_spans(0, 3)
    with pytest.raises(ValueError):
        Frontier(3, [b"x" * 32])


def test_a_proof_in_a_log_of_a_million_leaves_takes_twenty_hashes():
    spans = inclusion_spans(271_828, 1_000_000)
    assert len(spans) == 20
    assert sum(len(nodes_of(span)) for span in spans) <= 40


@given(st.data(), sizes)
def test_climbing_ends_at_the_root_over_everything(data, size):
    index = data.draw(st.integers(0, size - 1))
    leaves = entries(size)
    steps = climb(index, size, leaf_hash(leaves[index]), naive_path(index, leaves))
    if steps:
        assert steps[-1].result == naive_root(leaves)
        assert steps[-1].result_span == Span(0, size)
