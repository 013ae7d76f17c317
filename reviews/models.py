"""Reviews, their earlier versions, the company's replies, helpful votes, and counts of stars."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from foundation.tables import Base, BigNumber, Id, Moment, Number


class Review(Base):
    """What a member says of a product, as it stands now. One per member and product."""

    __tablename__ = "review"
    __table_args__ = (
        UniqueConstraint("product_id", "author_id"),
        CheckConstraint("stars between 1 and 5", name="stars"),
        CheckConstraint("helpful >= 0 and unhelpful >= 0", name="votes"),
        Index("ix_review_product_id_id", "product_id", "id"),
        Index("ix_review_product_id_stars_id", "product_id", "stars", "id"),
        Index("ix_review_product_id_stars_score_id", "product_id", "stars", "score", "id"),
        Index("ix_review_author_id_id", "author_id", "id"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    product_id: Mapped[Id] = mapped_column(ForeignKey("product.id"))
    author_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    order_id: Mapped[Id | None] = mapped_column(ForeignKey("shop_order.id"))  # verified by it
    stars: Mapped[int]
    title: Mapped[str]
    body: Mapped[str]
    body_html: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    helpful: Mapped[Number] = mapped_column(default=0)  # votes, by delta
    unhelpful: Mapped[Number] = mapped_column(default=0)
    score: Mapped[float] = mapped_column(Float(53), default=0.0)  # rules.wilson of the votes
    leaf_index: Mapped[Number]  # of the newest version in the transparency log
    created_at: Mapped[Moment]
    revised_at: Mapped[Moment | None]


class ReviewVersion(Base):
    """One version of a review as it was public, append-only."""

    __tablename__ = "review_version"
    __table_args__ = (UniqueConstraint("review_id", "version"),)

    id: Mapped[int] = mapped_column(BigNumber, primary_key=True, autoincrement=True)
    review_id: Mapped[Id]
    version: Mapped[int]
    stars: Mapped[int]
    title: Mapped[str]
    body: Mapped[str]
    leaf_index: Mapped[Number]  # in the transparency log
    at: Mapped[Moment]


class Reply(Base):
    """The company's answer to a review, by a person with a badge."""

    __tablename__ = "review_reply"

    id: Mapped[Id] = mapped_column(primary_key=True)
    review_id: Mapped[Id] = mapped_column(ForeignKey("review.id"), index=True)
    author_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    body: Mapped[str]
    body_html: Mapped[str]
    at: Mapped[Moment]


class Vote(Base):
    """Whether a review helped a member; one vote each, changeable."""

    __tablename__ = "review_vote"

    review_id: Mapped[Id] = mapped_column(ForeignKey("review.id"), primary_key=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"), primary_key=True)
    is_helpful: Mapped[bool]
    at: Mapped[Moment]


class StarCount(Base):
    """How many reviews of a product stand at so many stars; moved by delta, audited."""

    __tablename__ = "review_star_count"

    product_id: Mapped[Id] = mapped_column(ForeignKey("product.id"), primary_key=True)
    stars: Mapped[int] = mapped_column(primary_key=True)
    reviews: Mapped[Number]


class Tally(Base):
    """How many reviews of the whole site stand at so many stars, and how many were removed.

    Moved by the database's own triggers, five rows for ever; no verb writes here.
    """

    __tablename__ = "review_tally"

    stars: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    standing: Mapped[Number]
    removed: Mapped[Number]  # under the stars they were first published with
