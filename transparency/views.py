"""The log's pages: public, the same for everybody, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for

from foundation.doors import reading
from foundation.refusal import Refused
from transparency import queries, receipts, verifying, wording
from transparency.canonical import moment_text
from transparency.models import Leaf
from transparency.proofs import climb
from transparency.tree import Span

bp = Blueprint("transparency", __name__, url_prefix="/transparency")

#: Leaves in one answer of leaves.json, about 350 bytes each.
LEAVES_AT_ONCE = 1000

#: Beyond this no log grows; larger numbers would not fit a column.
LARGEST = 2**53

_subject_pages: Mapping[str, str] = {}


def lead_to(subject_pages: Mapping[str, str]) -> None:
    """Take where subjects have their pages: `{"review": "/reviews/{}"}` (app.py holds it)."""
    global _subject_pages
    _subject_pages = subject_pages


@bp.app_template_global("subject_page")
def subject_page(subject: str) -> str | None:
    """The address of what a leaf tells of, if it has a page."""
    kind, _, identifier = subject.partition(":")
    pattern = _subject_pages.get(kind)
    return pattern.format(identifier) if pattern else None


bp.add_app_template_global(wording.event_name, "event_name")
bp.add_app_template_global(wording.span_name, "span_name")


@bp.get("")
def index() -> Any:
    """What the log is, its head, its newest leaves."""
    wanted = request.args.get("subject", "").strip()[:200]
    if wanted.isdecimal():
        return redirect(url_for(".leaf", index=min(int(wanted[:17]), LARGEST)), 303)
    with reading() as session:
        return render_template(
            "transparency/index.html",
            head=queries.head(session),
            checkpoints=queries.checkpoints(session, 5),
            page=queries.page_of_leaves(
                session, wanted, request.args.get("page"), url_for(".index")
            ),
            subject=wanted,
        )


@bp.get("/leaves/<int:index>")
def leaf(index: int) -> Any:
    """One leaf, the way from it to the root, and how to check it at home."""
    with reading() as session:
        found = queries.leaf(session, index)
        receipt = receipts.receipt(session, found)
        proof = [bytes.fromhex(each) for each in receipt["inclusion_proof"]]
        return render_template(
            "transparency/leaf.html",
            leaf=found,
            leaf_span=Span(index, index + 1),
            receipt=receipt,
            receipt_text=json.dumps(receipt, indent=2, ensure_ascii=False),
            steps=climb(index, receipt["tree_size"], found.hash, proof),
            state=wording.STATES[verifying.state_of(session, found)],
            siblings=queries.newest(session, subject=found.subject),
        )


@bp.get("/leaves/<int:index>/receipt.json")
def receipt(index: int) -> Any:
    """The receipt of a leaf under the newest root."""
    with reading() as session:
        return jsonify(receipts.receipt(session, queries.leaf(session, index)))


@bp.get("/check_receipt.py")
def recipe() -> Response:
    """A program of a screen that checks a receipt with nothing but Python."""
    return Response(render_template("transparency/check_receipt.py.txt"), mimetype="text/plain")


@bp.get("/head.json")
def head() -> Any:
    """Size and root, and the checkpoints written last."""
    with reading() as session:
        newest = queries.head(session)
        written = queries.checkpoints(session, 100)
    return jsonify(
        tree_size=newest.size,
        root=newest.root.hex(),
        checkpoints=[
            {"tree_size": each.size, "root": each.root.hex(), "at": moment_text(each.at)}
            for each in written
        ],
    )


@bp.get("/leaves.json")
def leaves() -> Any:
    """All leaves in the order of the log, a thousand at a time; `next` leads on."""
    start = _number("from", 0)
    with reading() as session:
        found = queries.oldest(session, start=start, limit=LEAVES_AT_ONCE)
    more = len(found) == LEAVES_AT_ONCE
    following = f"{url_for('.leaves')}?from={found[-1].index + 1}" if more else None
    return jsonify(leaves=[_told(each) for each in found], next=following)


@bp.get("/proof.json")
def proof() -> Any:
    """That `leaf` is among the first `size` leaves (RFC 6962, section 2.1.1)."""
    with reading() as session:
        index, size = _number("leaf"), _number("size", queries.head(session).size)
        path = queries.inclusion_proof(session, index, size)
        root = queries.root_at(session, size)
        hashed = queries.leaf(session, index).hash
    return jsonify(
        leaf_index=index,
        tree_size=size,
        leaf_hash=hashed.hex(),
        root=root.hex(),
        inclusion_proof=[each.hex() for each in path],
    )


@bp.get("/consistency.json")
def consistency() -> Any:
    """That the first `second` leaves begin with the first `first` (RFC 6962, section 2.1.2)."""
    with reading() as session:
        first, second = _number("first"), _number("second", queries.head(session).size)
        path = queries.consistency_proof(session, first, second)
        roots = queries.root_at(session, first), queries.root_at(session, second)
    return jsonify(
        first=first,
        second=second,
        first_root=roots[0].hex(),
        second_root=roots[1].hex(),
        consistency_proof=[each.hex() for each in path],
    )


def _told(leaf: Leaf) -> dict[str, Any]:
    return {
        "leaf_index": leaf.index,
        "leaf": receipts.spoken(leaf),
        "leaf_hash": leaf.hash.hex(),
    }


def _number(name: str, default: int | None = None) -> int:
    """A whole number from the address; refused when it is none."""
    given = request.args.get(name)
    if given is None and default is not None:
        return default
    if given is None or not (given.isascii() and given.isdecimal()) or int(given[:17]) > LARGEST:
        raise Refused(
            "Write %(name)s as a whole number from 0 on, as in ?%(name)s=12.",
            code="not_a_number",
            field=name,
            status=400,
            name=name,
        )
    return int(given)
