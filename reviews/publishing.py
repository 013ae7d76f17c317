"""Publishing: a review is public at once, and every version of it stays on record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from foundation import counters, facts, markdown, search, versions
from foundation.once import insert_once
from foundation.refusal import Refused
from foundation.tables import new_id, table_of
from reviews import rules
from reviews.models import Review, ReviewVersion, StarCount
from reviews.rules import ReviewDraft
from shop.models import Product
from shop.queries import purchase
from transparency import log


def publish(
    session: Session, author_id: str, product_id: str, draft: ReviewDraft, now: datetime
) -> Review:
    """Publish a member's review of a product: row, version, count, leaf and fact in one go.

    The fact does not carry the stars, so nothing that hears it can pay for praise. Refused when
    the draft breaks a rule or the member reviewed the product before (then `revise`).
    """
    draft = rules.check(draft)
    product = session.get(Product, product_id)
    if product is None:
        raise Refused("There is no such product.", code="unknown_product", status=404)
    order_id = purchase(session, author_id, product_id)
    values = _values(draft) | {
        "id": new_id(now),
        "product_id": product_id,
        "author_id": author_id,
        "order_id": order_id,
        "version": 1,
        "helpful": 0,
        "unhelpful": 0,
        "score": 0.0,
        "leaf_index": 0,
        "created_at": now,
    }
    if not insert_once(session, Review, values):
        raise Refused(
            "You have reviewed this product before. Change that review instead.",
            code="reviewed",
            status=409,
        )
    review = session.get_one(Review, values["id"])
    _count(session, product_id, {draft.stars: 1})
    details = {
        "product": product_id,
        "slug": product.slug,
        "order": order_id,
        "verified": order_id is not None,
    }
    facts.record(session, "review.published", author_id, f"review:{review.id}", now, **details)
    _keep(session, review, product.slug, "review.published", now)
    return review


def revise(
    session: Session, author_id: str, review_id: str, draft: ReviewDraft, now: datetime
) -> Review:
    """Replace one's own review; what it said before stays readable. Refused for anybody else."""
    draft = rules.check(draft)
    review = session.get(Review, review_id, with_for_update=True)
    if review is None:
        raise Refused("There is no such review.", code="unknown_review", status=404)
    if review.author_id != author_id:
        raise Refused("Only its author can change a review.", code="not_yours", status=403)
    if (review.stars, review.title, review.body) == (draft.stars, draft.title, draft.body):
        return review
    product = session.get_one(Product, review.product_id)
    if draft.stars != review.stars:
        _count(session, review.product_id, {review.stars: -1, draft.stars: 1})
    for name, value in _values(draft).items():
        setattr(review, name, value)
    review.version += 1
    review.revised_at = now
    review.order_id = review.order_id or purchase(session, author_id, review.product_id)
    session.flush()
    subject = f"review:{review.id}:{review.version}"
    facts.record(session, "review.revised", author_id, subject, now, product=review.product_id)
    _keep(session, review, product.slug, "review.revised", now)
    return review


def content(review: Review) -> dict[str, Any]:
    """What the transparency log commits to: the review exactly as it is served."""
    return {
        "author": review.author_id,
        "product": review.product_id,
        "stars": review.stars,
        "title": review.title,
        "body": review.body,
        "version": review.version,
    }


def _values(draft: ReviewDraft) -> dict[str, Any]:
    return {
        "stars": draft.stars,
        "title": draft.title,
        "body": draft.body,
        "body_html": markdown.to_html(draft.body),
    }


def _keep(session: Session, review: Review, slug: str, event: str, now: datetime) -> None:
    """Leaf, version, search and page versions of what the review says from now on.

    Comes last: the log's head is locked until commit, and pages are touched after it.
    """
    leaf = log.append(
        session,
        event=event,
        subject=f"review:{review.id}",
        content=content(review),
        now=now,
        author_id=review.author_id,
    )
    review.leaf_index = leaf.index
    session.flush()
    version = {"review_id": review.id, "version": review.version, "at": now}
    said = {"stars": review.stars, "title": review.title, "body": review.body}
    row = version | said | {"leaf_index": leaf.index}
    session.execute(insert(table_of(ReviewVersion)), [row])
    search.index(session, "review", review.id, review.title, review.body, now)
    versions.touch(session, f"product:{slug}", f"review:{review.id}", "reviews")


def _count(session: Session, product_id: str, deltas: Mapping[int, int]) -> None:
    """Move counts of stars; always from one star up, so that two writers never deadlock."""
    for stars, delta in sorted(deltas.items()):
        keys = {"product_id": product_id, "stars": stars}
        counters.move(session, StarCount, keys, "reviews", delta)
