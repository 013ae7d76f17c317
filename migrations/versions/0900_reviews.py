"""The tables of reviews: reviews and their versions, replies, votes, counts of stars; the tally."""

import sqlalchemy as sa
from alembic import op

from foundation.tables import BigNumber, IdText, UtcMoment
from migrations.guards import append_only, drop_append_only

revision = "0900"
down_revision = "0800"
branch_labels = None
depends_on = None

# How many reviews stand and how many went, counted by the database whoever writes to it. What went
# is counted under the stars it had when it was first public, which no one can change.
ONE_MORE = "update review_tally set standing = standing + 1 where stars = new.stars"
ONE_LESS = "update review_tally set standing = standing - 1 where stars = old.stars"
ONE_GONE = (
    "update review_tally set removed = removed + 1 where stars = (select v.stars from"
    " review_version v where v.review_id = old.id and v.version = 1)"
)
TALLY = {
    "insert": (ONE_MORE,),
    "update of stars": (ONE_LESS, ONE_MORE),
    "delete": (ONE_LESS, ONE_GONE),
}


def upgrade() -> None:
    op.create_table(
        "review",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("product_id", IdText, sa.ForeignKey("product.id"), nullable=False),
        sa.Column("author_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("order_id", IdText, sa.ForeignKey("shop_order.id")),
        sa.Column("stars", sa.Integer, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("body", sa.String, nullable=False),
        sa.Column("body_html", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("helpful", sa.BigInteger, nullable=False),
        sa.Column("unhelpful", sa.BigInteger, nullable=False),
        sa.Column("score", sa.Float(53), nullable=False),
        sa.Column("leaf_index", sa.BigInteger, nullable=False),
        sa.Column("created_at", UtcMoment, nullable=False),
        sa.Column("revised_at", UtcMoment),
        sa.UniqueConstraint("product_id", "author_id", name="uq_review_product_id_author_id"),
        sa.CheckConstraint("stars between 1 and 5", name="ck_review_stars"),
        sa.CheckConstraint("helpful >= 0 and unhelpful >= 0", name="ck_review_votes"),
    )
    op.create_index("ix_review_product_id_id", "review", ["product_id", "id"])
    op.create_index("ix_review_product_id_stars_id", "review", ["product_id", "stars", "id"])
    op.create_index(
        "ix_review_product_id_stars_score_id", "review", ["product_id", "stars", "score", "id"]
    )
    op.create_index("ix_review_author_id_id", "review", ["author_id", "id"])
    op.create_table(
        "review_version",
        sa.Column("id", BigNumber, primary_key=True, autoincrement=True),
        sa.Column("review_id", IdText, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("stars", sa.Integer, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("body", sa.String, nullable=False),
        sa.Column("leaf_index", sa.BigInteger, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
        sa.UniqueConstraint("review_id", "version", name="uq_review_version_review_id_version"),
    )
    append_only("review_version")
    op.create_table(
        "review_reply",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("review_id", IdText, sa.ForeignKey("review.id"), nullable=False),
        sa.Column("author_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("body", sa.String, nullable=False),
        sa.Column("body_html", sa.String, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
    )
    op.create_index("ix_review_reply_review_id", "review_reply", ["review_id"])
    op.create_table(
        "review_vote",
        sa.Column("review_id", IdText, sa.ForeignKey("review.id"), primary_key=True),
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("is_helpful", sa.Boolean, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
    )
    op.create_table(
        "review_star_count",
        sa.Column("product_id", IdText, sa.ForeignKey("product.id"), primary_key=True),
        sa.Column("stars", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("reviews", sa.BigInteger, nullable=False),
    )
    _create_tally()


def _create_tally() -> None:
    tally = op.create_table(
        "review_tally",
        sa.Column("stars", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("standing", sa.BigInteger, nullable=False),
        sa.Column("removed", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(tally, [{"stars": n, "standing": 0, "removed": 0} for n in range(1, 6)])
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    for event, statements in TALLY.items():
        name = f"review_tally_{event.split()[0]}"
        body = " ".join(f"{each};" for each in statements)
        if on_postgresql:
            op.execute(
                f"create function {name}() returns trigger language plpgsql"
                f" as $$ begin {body} return null; end $$"
            )
            body = f"execute function {name}()"
            op.execute(f"create trigger {name} after {event} on review for each row {body}")
        else:
            op.execute(f"create trigger {name} after {event} on review begin {body} end")


def downgrade() -> None:
    op.drop_table("review_tally")
    op.drop_table("review_star_count")
    op.drop_table("review_vote")
    op.drop_table("review_reply")
    drop_append_only("review_version")
    op.drop_table("review_version")
    op.drop_table("review")  # its triggers go with it
    if op.get_bind().dialect.name == "postgresql":
        for event in TALLY:
            op.execute(f"drop function review_tally_{event.split()[0]}()")
