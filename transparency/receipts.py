"""Receipts: what an author keeps, so that the site cannot quietly forget what they wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from transparency import queries
from transparency.canonical import canonical, moment_text
from transparency.log import commitment
from transparency.models import Leaf
from transparency.proofs import is_included
from transparency.tree import leaf_hash

FORMAT = "bellmouth-receipt/1"


def receipt(session: Session, leaf: Leaf) -> dict[str, Any]:
    """Everything needed to show, without us, that `leaf` is in the log; JSON values, hashes in hex.

    `salt` is None when the text behind the leaf was erased. It opens the commitment, so a receipt
    is as private as the text: fit for its author's mailbox, and public as long as the text is.
    """
    head = queries.head(session)
    salt = queries.salts(session, [leaf.index]).get(leaf.index)
    return {
        "format": FORMAT,
        "leaf_index": leaf.index,
        "leaf": spoken(leaf),
        "leaf_hash": leaf.hash.hex(),
        "salt": salt.hex() if salt else None,
        "tree_size": head.size,
        "root": head.root.hex(),
        "inclusion_proof": [
            each.hex() for each in queries.inclusion_proof(session, leaf.index, head.size)
        ],
    }


def spoken(leaf: Leaf) -> dict[str, str]:
    """The four things a leaf says; their canonical JSON is what is hashed."""
    return {
        "event": leaf.event,
        "subject": leaf.subject,
        "at": moment_text(leaf.at),
        "commitment": leaf.commitment.hex(),
    }


def holds(receipt: Mapping[str, Any], content: Mapping[str, Any] | None = None) -> bool:
    """Whether a receipt proves what it says, and, if given, that `content` is what was logged.

    Pure: asks no database. A receipt of the wrong shape does not hold.
    """
    try:
        hashed = leaf_hash(canonical(receipt["leaf"]))
        proof = [bytes.fromhex(each) for each in receipt["inclusion_proof"]]
        root = bytes.fromhex(receipt["root"])
        index, size = int(receipt["leaf_index"]), int(receipt["tree_size"])
        return (
            hashed.hex() == receipt["leaf_hash"]
            and is_included(index, size, hashed, proof, root)
            and (content is None or _opens(receipt, content))
        )
    except (KeyError, TypeError, ValueError):
        return False


def _opens(receipt: Mapping[str, Any], content: Mapping[str, Any]) -> bool:
    committed = commitment(bytes.fromhex(receipt["salt"]), content)
    return bool(committed.hex() == receipt["leaf"]["commitment"])
