"""One search over everything that the rooms made findable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session

from foundation import search
from foundation.doors import reading
from foundation.words import lazy, text_in
from shop import queries as shop

bp = Blueprint("search", __name__)

#: What can be found, in the order of the page: kind of document, heading, page of a hit, icon.
KINDS = (
    ("product", lazy("Products"), "/products/{}", "box"),
    ("topic", lazy("Topics"), "/topics/{}", "topic"),
    ("post", lazy("Posts"), "/posts/{}/place", "reply"),
    ("review", lazy("Reviews"), "/reviews/{}", "star"),
)
#: Hits of each kind on the first page, and of one kind on its own.
FEW, MANY = 6, 20


@bp.get("/search")
def find() -> Any:
    query = " ".join(request.args.get("q", "").replace("\x00", "").split())[:200]
    only = request.args.get("kind", "")
    before = request.args.get("before", "")
    groups = []
    with reading() as session:
        for kind, label, page, icon in KINDS:
            if not query or (only and kind != only):
                continue
            size = MANY if only else FEW
            hits = search.find(
                session,
                query,
                kinds=[kind],
                limit=size + 1,
                before=int(before) if before.isdecimal() and len(before) < 16 else None,
            )
            if kind == "product":
                hits = _in_own_language(session, hits)
            if hits:
                groups.append((kind, label, page, icon, hits[:size], len(hits) > size))
    return render_template("community/search.html", query=query, groups=groups, only=only)


def _in_own_language(session: Session, hits: Sequence[search.Hit]) -> list[search.Hit]:
    """Products are found in every language and shown in the reader's."""
    products = shop.called(session, [hit.ref for hit in hits])
    return [
        replace(
            hit,
            title=text_in(products[hit.ref].name),
            excerpt=text_in(products[hit.ref].summary),
        )
        for hit in hits
        if hit.ref in products
    ]
