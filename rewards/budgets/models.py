"""What budgets have committed, and what limits withheld from whom."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from foundation.tables import Base, Id, Moment, Number


class BudgetCount(Base):
    """What a rule, or all of them, committed of one commodity in a month, or ever.

    Moved by delta with the grants and clawbacks it counts, under the row's lock. `ceiling` is what
    it may not pass (None: it only warns), so that the database itself refuses a mistake; it is
    the budget's limit, or what was committed already when a new version lowered the limit.
    """

    __tablename__ = "reward_budget_count"
    __table_args__ = (
        CheckConstraint("committed >= 0", name="committed"),
        CheckConstraint("ceiling is null or committed <= ceiling", name="ceiling"),
    )

    period: Mapped[str] = mapped_column(primary_key=True)  # "2026-03" or budgets.EVER
    scope: Mapped[str] = mapped_column(primary_key=True)  # budgets.scope_of
    committed: Mapped[Number]
    ceiling: Mapped[Number | None]
    told: Mapped[int] = mapped_column(SmallInteger)  # per cent the owners were told of
    told_limit: Mapped[Number]  # of which limit


class Withheld(Base):
    """What a rule promised a member for a fact, and a cap or budget withheld. Append-only."""

    __tablename__ = "reward_withheld"
    __table_args__ = (
        UniqueConstraint("fact_id", "rule", "member_id"),
        Index("ix_reward_withheld_member_id_id", "member_id", "id"),
        CheckConstraint("amount > 0", name="amount"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    rule: Mapped[str]
    version: Mapped[int]
    fact_id: Mapped[Id]
    fact_kind: Mapped[str]
    fact_at: Mapped[Moment]
    subject: Mapped[str]
    commodity: Mapped[str] = mapped_column(server_default="points")
    amount: Mapped[Number]  # what was withheld
    given: Mapped[Number]  # what was given all the same; 0: there is no grant
    cause: Mapped[str]  # day, month, ever, "budget:<key>", or mailbox: a second account
    at: Mapped[Moment]
