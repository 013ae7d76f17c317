"""Replying: the company answers below a review, by a person with a badge."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from foundation import markdown, versions
from foundation.refusal import Refused
from foundation.tables import new_id
from notifications.telling import tell
from reviews import notices, rules
from reviews.models import Reply, Review
from shop.models import Product


class Person(Protocol):
    """Who answers."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...


def reply(session: Session, person: Person, review_id: str, body: str, now: datetime) -> Reply:
    """Answer a review for the company and tell its author. Refused when nothing was written."""
    body = rules.check_reply(body)
    review = session.get(Review, review_id)
    if review is None:
        raise Refused("There is no such review.", code="unknown_review", status=404)
    product = session.get_one(Product, review.product_id)
    made = Reply(
        id=new_id(now),
        review_id=review_id,
        author_id=person.id,
        body=body,
        body_html=markdown.to_html(body),
        at=now,
    )
    session.add(made)
    session.flush()
    if review.author_id != person.id:
        tell(
            session,
            review.author_id,
            notices.REPLIED,
            now,
            link=f"/reviews/{review_id}",
            about=f"review:{review_id}",
            name=person.name,
            title=review.title,
            product=product.name,
        )
    versions.touch(session, f"product:{product.slug}", f"review:{review_id}", "reviews")
    return made
