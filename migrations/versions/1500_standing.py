"""Standing: counters by day, which start from the facts; where each member stands; every change."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import sqlalchemy as sa
from alembic import op

from foundation.tables import IdText, JsonValue, UtcMoment
from migrations.guards import append_only, drop_append_only

revision = "1500"
down_revision = "1400"
branch_labels = None
depends_on = None

KINDS = (
    "order.paid",
    "order.refunded",
    "referral.qualified",
    "answer.accepted",
    "review.published",
    "post.folded",
    "post.restored",
)
ROWS = 5_000


def upgrade() -> None:
    op.create_table(
        "standing_count",
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("what", sa.String, primary_key=True),
        sa.Column("amount", sa.BigInteger, nullable=False),
    )
    _places()
    _changes()
    _count_the_past()


def _places() -> None:
    op.create_table(
        "member_tier",
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), primary_key=True),
        sa.Column("tier", sa.String, nullable=False),
        sa.Column("since", UtcMoment, nullable=False),
        sa.Column("grace_until", sa.Date),
        sa.Column("base", sa.String, nullable=False),
        sa.Column("base_grace", sa.Date),
        sa.Column("at", UtcMoment),
        sa.Column("look_on", sa.Date, nullable=False),
        sa.Column("standing", sa.Integer, nullable=False),
        sa.Column("duration", sa.Integer, nullable=False),
        sa.Column("loyalty", sa.Integer, nullable=False),
        sa.Column("reliability", sa.Integer, nullable=False),
        sa.Column("influence", sa.Integer, nullable=False),
        sa.Column("changes", sa.Integer, nullable=False),
        sa.CheckConstraint("standing between 0 and 100", name="standing"),
    )
    op.create_index("ix_member_tier_look_on", "member_tier", ["look_on"])
    op.create_index("ix_member_tier_tier", "member_tier", ["tier"])


def _changes() -> None:
    op.create_table(
        "standing_change",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("turn", sa.String, nullable=False),
        sa.Column("cause", sa.String, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
        sa.Column("written_at", UtcMoment, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("before", sa.String, nullable=False),
        sa.Column("after", sa.String, nullable=False),
        sa.Column("grace_until", sa.Date),
        sa.Column("was", JsonValue, nullable=False),
        sa.Column("now", JsonValue, nullable=False),
        sa.Column("reasons", JsonValue, nullable=False),
        sa.UniqueConstraint("member_id", "number"),
    )
    op.create_index("ix_standing_change_at", "standing_change", ["at"])
    append_only("standing_change")


def _count_the_past() -> None:
    """Counters as if they had been kept from the beginning: standing_rules.counted."""
    fact = sa.table(
        "fact",
        sa.column("kind", sa.String),
        sa.column("member_id", IdText),
        sa.column("at", UtcMoment),
        sa.column("details", JsonValue),
    )
    known = sa.select(sa.column("id")).select_from(sa.table("member"))
    rows = op.get_bind().execute(
        sa.select(fact.c.kind, fact.c.member_id, fact.c.at, fact.c.details).where(
            fact.c.kind.in_(KINDS), fact.c.member_id.in_(known)
        )
    )
    counts: Counter[tuple[str, date, str]] = Counter()
    for kind, member_id, at, details in rows:
        for what, amount in _counted(kind, details):
            counts[member_id, at.date(), what] += amount
    table = sa.table(
        "standing_count",
        sa.column("member_id", IdText),
        sa.column("day", sa.Date),
        sa.column("what", sa.String),
        sa.column("amount", sa.BigInteger),
    )
    made = [
        {"member_id": member_id, "day": day, "what": what, "amount": amount}
        for (member_id, day, what), amount in counts.items()
    ]
    for start in range(0, len(made), ROWS):
        op.bulk_insert(table, made[start : start + ROWS])


def _counted(kind: str, details: dict[str, Any]) -> Iterator[tuple[str, int]]:
    money = f"spent:{details.get('currency') or ''}"
    total = details.get("total") or 0
    if kind == "order.paid" and total > 0:
        yield from (("orders", 1), ("kept", 1_000), (money, total))
    elif kind == "order.refunded" and total > 0 and details["amount"] > 0:
        after, amount = details["refunded_total"], details["amount"]
        share = _thousandths(after, total) - _thousandths(after - amount, total)
        yield from (("kept", -share), (money, -amount))
    elif kind == "review.published" and details.get("verified"):
        yield "reviews", 1
    elif kind == "referral.qualified":
        yield "friends", 1
    elif kind == "answer.accepted":
        yield "answers", 1
    elif kind in ("post.folded", "post.restored"):
        yield "folds", 1 if kind == "post.folded" else -1


def _thousandths(part: int, total: int) -> int:
    return 1_000 * min(max(part, 0), total) // total


def downgrade() -> None:
    drop_append_only("standing_change")
    op.drop_table("standing_change")
    op.drop_table("member_tier")
    op.drop_table("standing_count")
