"""Versions of the programme, its draft, grants and what became of them, vouchers, replays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from foundation.tables import Base, Id, Json, Moment, Number


class ProgrammeVersion(Base):
    """A published programme. Append-only by trigger: superseded by the next one, never edited."""

    __tablename__ = "programme_version"

    id: Mapped[Id] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    rules: Mapped[Json]
    note: Mapped[str]  # what the owner says about the change
    created_by: Mapped[Id | None] = mapped_column(ForeignKey("member.id"))
    created_at: Mapped[Moment]
    published_by: Mapped[Id | None] = mapped_column(ForeignKey("member.id"))
    published_at: Mapped[Moment]


class ProgrammeDraft(Base):
    """The one draft the owners work on; gone once it is published or discarded."""

    __tablename__ = "programme_draft"
    __table_args__ = (CheckConstraint("lane = 1", name="lane"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    lane: Mapped[int] = mapped_column(unique=True)  # always 1: there is one draft at a time
    based_on: Mapped[int]  # number of the version it started from
    rules: Mapped[Json]
    note: Mapped[str]
    revision: Mapped[int]  # grows with every change, so that two tabs notice each other
    created_by: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    created_at: Mapped[Moment]
    changed_by: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    changed_at: Mapped[Moment]


class Grant(Base):
    """What one rule gave one member for one fact, and when it was released or taken back."""

    __tablename__ = "reward_grant"
    __table_args__ = (
        UniqueConstraint("fact_id", "rule", "member_id"),
        Index("ix_reward_grant_member_id_granted_at", "member_id", "granted_at"),
        Index(
            "ix_reward_grant_waiting",
            "release_at",
            sqlite_where=text("released_at is null and voided_at is null"),
            postgresql_where=text("released_at is null and voided_at is null"),
        ),
        Index(
            "ix_reward_grant_basis",
            "basis",
            sqlite_where=text("basis is not null"),
            postgresql_where=text("basis is not null"),
        ),
        Index("ix_reward_grant_fact_at", "fact_at"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("clawed >= 0 and clawed <= amount", name="clawed"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    rule: Mapped[str]
    version: Mapped[int]
    fact_id: Mapped[Id]
    fact_kind: Mapped[str]
    fact_at: Mapped[Moment]
    subject: Mapped[str]
    basis: Mapped[str | None]  # "order:<id>" that it is taken back with
    tier: Mapped[str]
    amount: Mapped[Number]
    capped: Mapped[Number]  # what a cap withheld
    commodity: Mapped[str]  # points, vouchers, or a currency: then in minor units
    granted_at: Mapped[Moment]
    release_at: Mapped[Moment | None]  # None: it was never held
    released_at: Mapped[Moment | None]
    voided_at: Mapped[Moment | None]  # all of it was taken back before it was released
    expires_at: Mapped[Moment | None]  # what is not spent until then is lost; None: never
    clawed: Mapped[Number]  # taken back so far; the rows of Clawback add up to it
    transfer_id: Mapped[Id]  # the hold, or the credit of what was never held; the first voucher's

    @property
    def state(self) -> str:
        """`voided`, `released` or `pending`."""
        if self.voided_at is not None:
            return "voided"
        return "released" if self.released_at is not None else "pending"


class Clawback(Base):
    """The part of a grant that one refund took back."""

    __tablename__ = "reward_clawback"
    __table_args__ = (UniqueConstraint("grant_id", "fact_id"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    grant_id: Mapped[Id] = mapped_column(ForeignKey("reward_grant.id"))
    fact_id: Mapped[Id]
    subject: Mapped[str]  # "refund:<id>"
    amount: Mapped[Number]
    at: Mapped[Moment] = mapped_column(index=True)


class Voucher(Base):
    """A code that takes `value` off an order, `uses` times at most. Each use is a `VoucherUse`.

    `about` is what it was issued for, "redemption:<id>" when points bought it.
    """

    __tablename__ = "voucher"
    __table_args__ = (
        UniqueConstraint("member_id", "request_key"),
        Index("ix_voucher_about_id", "about", "id"),
        Index("ix_voucher_expires_at_id", "expires_at", "id"),
        CheckConstraint("used >= 0 and used <= uses", name="used"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    request_key: Mapped[str]  # of the form that asked, so that a double click buys one
    about: Mapped[str]
    code: Mapped[str] = mapped_column(unique=True)
    item: Mapped[str]
    version: Mapped[int]
    cost: Mapped[Number]  # points
    value: Mapped[Number]  # minor units, for each use
    currency: Mapped[str]
    uses: Mapped[int]
    used: Mapped[int]
    bearer: Mapped[bool]  # whoever has the code may use it; else only the member
    issued_at: Mapped[Moment]
    expires_at: Mapped[Moment | None]
    revoked_at: Mapped[Moment | None]
    used_at: Mapped[Moment | None]  # the last time
    order_min: Mapped[Number | None]  # minor units that an order must be worth; None: any order
    transfer_id: Mapped[Id | None]  # that credited its uses

    def state(self, now: datetime) -> str:
        """`open`, `used` up, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        if self.used >= self.uses:
            return "used"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "open"

    def is_whole(self, now: datetime) -> bool:
        """Whether all of its uses are left: only then can it go back."""
        return self.used == 0 and self.state(now) == "open"


class ReplayRun(Base):
    """A replay that was asked for: how far it is, and what came out."""

    __tablename__ = "replay_run"

    id: Mapped[Id] = mapped_column(primary_key=True)
    rules: Mapped[Json]
    starts_at: Mapped[Moment]
    ends_at: Mapped[Moment]
    asked_by: Mapped[Id] = mapped_column(ForeignKey("member.id"))
    asked_at: Mapped[Moment]
    claimed_at: Mapped[Moment | None]
    finished_at: Mapped[Moment | None] = mapped_column(index=True)
    done: Mapped[Number]  # facts so far
    total: Mapped[Number]
    outcome: Mapped[Json | None]
    error: Mapped[str | None]

    @property
    def first_day(self) -> date:
        """The first day (UTC) it counts."""
        return self.starts_at.astimezone(UTC).date()

    @property
    def last_day(self) -> date:
        """The last day (UTC) it counts: it ends before `ends_at`."""
        return (self.ends_at - timedelta(microseconds=1)).astimezone(UTC).date()
