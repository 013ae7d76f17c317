"""Perks given to members, papers for members only, advisor seats with their units; and which
topics were asked with priority."""

import sqlalchemy as sa
from alembic import op

from foundation.tables import IdText, JsonValue, UtcMoment
from migrations.guards import append_only, drop_append_only

revision = "1700"
down_revision = "1600"
branch_labels = None
depends_on = None

GUARDED = ("paper_reading", "agreement_version", "unit_move")
TABLES = (
    "unit_move",
    "unit_grant",
    "seat",
    "seat_invitation",
    "agreement_draft",
    "agreement_version",
    "paper_reading",
    "paper_copy",
    "paper_revocation",
    "paper_guest",
    "paper",
    "entitlement",
)


def upgrade() -> None:
    op.add_column("topic", sa.Column("priority", sa.String))
    _index("ix_topic_owed", "topic", ["response_due_at"], OWED)
    _entitlements()
    _papers()
    _copies()
    _agreements()
    _seats()
    _units()
    for table in GUARDED:
        append_only(table)


OWED = "responded_at is null and response_due_at is not null"


def _index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(
        name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition
    )


def _member(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, IdText, sa.ForeignKey("member.id"), nullable=nullable)


def _entitlements() -> None:
    op.create_table(
        "entitlement",
        sa.Column("id", IdText, primary_key=True),
        _member("member_id"),
        sa.Column("perk", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("fact_id", IdText),
        sa.Column("fact_kind", sa.String),
        sa.Column("version", sa.Integer, nullable=False),
        _member("granted_by", nullable=True),
        sa.Column("granted_at", UtcMoment, nullable=False),
        sa.Column("ends_at", UtcMoment),
        sa.Column("revoked_at", UtcMoment),
        _member("revoked_by", nullable=True),
        sa.Column("revoke_reason", sa.String),
        sa.UniqueConstraint("fact_id", "perk", "member_id"),
    )
    op.create_index("ix_entitlement_member_id_perk", "entitlement", ["member_id", "perk"])


def _papers() -> None:
    op.create_table(
        "paper",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("title", JsonValue, nullable=False),
        sa.Column("body", JsonValue, nullable=False),
        sa.Column("body_html", JsonValue, nullable=False),
        sa.Column("markdown_version", sa.Integer, nullable=False),
        sa.Column("tier_from", sa.String),
        sa.Column("club", sa.String),
        sa.Column("is_listed", sa.Boolean, nullable=False),
        sa.Column("opens_at", UtcMoment, nullable=False),
        sa.Column("closes_at", UtcMoment),
        sa.Column("file_name", sa.String),
        sa.Column("media_type", sa.String),
        sa.Column("size", sa.BigInteger),
        sa.Column("sha256", sa.String),
        _member("created_by"),
        sa.Column("created_at", UtcMoment, nullable=False),
        sa.Column("changed_at", UtcMoment, nullable=False),
    )
    op.create_table(
        "paper_guest",
        sa.Column("paper_id", IdText, sa.ForeignKey("paper.id"), primary_key=True),
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), primary_key=True),
        _member("by_id"),
        sa.Column("at", UtcMoment, nullable=False),
    )
    op.create_table(
        "paper_revocation",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("paper_id", IdText, sa.ForeignKey("paper.id"), nullable=False),
        _member("member_id", nullable=True),
        sa.Column("reason", sa.String, nullable=False),
        _member("by_id"),
        sa.Column("at", UtcMoment, nullable=False),
        sa.Column("lifted_at", UtcMoment),
        _member("lifted_by", nullable=True),
    )
    columns = ["paper_id", "member_id"]
    _index("ix_paper_revocation_open", "paper_revocation", columns, "lifted_at is null")


def _copies() -> None:
    op.create_table(
        "paper_copy",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("mark", sa.String, nullable=False, unique=True),
        sa.Column("paper_id", IdText, sa.ForeignKey("paper.id"), nullable=False),
        _member("member_id"),
        sa.Column("at", UtcMoment, nullable=False),
        sa.UniqueConstraint("paper_id", "member_id"),
    )
    op.create_index("ix_paper_copy_member_id", "paper_copy", ["member_id"])
    op.create_table(
        "paper_reading",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("copy_id", IdText, sa.ForeignKey("paper_copy.id"), nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
    )
    op.create_index("ix_paper_reading_copy_id", "paper_reading", ["copy_id"])


def _agreements() -> None:
    op.create_table(
        "agreement_version",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False, unique=True),
        sa.Column("body", JsonValue, nullable=False),
        sa.Column("body_html", JsonValue, nullable=False),
        sa.Column("vested_when_leaving", sa.String, nullable=False),
        _member("published_by"),
        sa.Column("published_at", UtcMoment, nullable=False),
    )
    op.create_table(
        "agreement_draft",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("lane", sa.Integer, nullable=False, unique=True),
        sa.Column("body", JsonValue, nullable=False),
        sa.Column("vested_when_leaving", sa.String, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        _member("changed_by"),
        sa.Column("changed_at", UtcMoment, nullable=False),
        sa.CheckConstraint("lane = 1", name="lane"),
    )


OPEN = "declined_at is null and withdrawn_at is null and answered_at is null"


def _seats() -> None:
    op.create_table(
        "seat_invitation",
        sa.Column("id", IdText, primary_key=True),
        _member("member_id"),
        sa.Column(
            "agreement", sa.Integer, sa.ForeignKey("agreement_version.number"), nullable=False
        ),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("units", sa.BigInteger),
        sa.Column("months", sa.Integer),
        sa.Column("cliff_months", sa.Integer),
        sa.Column("starts_at", UtcMoment),
        sa.Column("counsel", sa.String),
        _member("invited_by"),
        sa.Column("invited_at", UtcMoment, nullable=False),
        sa.Column("expires_at", UtcMoment, nullable=False),
        sa.Column("answered_at", UtcMoment),
        sa.Column("declined_at", UtcMoment),
        sa.Column("withdrawn_at", UtcMoment),
        _member("withdrawn_by", nullable=True),
        sa.CheckConstraint(
            "(units is null and months is null and cliff_months is null and starts_at is null)"
            " or (units > 0 and months between 1 and 120"
            " and cliff_months between 0 and months and starts_at is not null)",
            name="units",
        ),
    )
    _index("uq_seat_invitation_open", "seat_invitation", ["member_id"], OPEN, unique=True)
    op.create_table(
        "seat",
        sa.Column("id", IdText, primary_key=True),
        sa.Column(
            "invitation_id",
            IdText,
            sa.ForeignKey("seat_invitation.id"),
            nullable=False,
            unique=True,
        ),
        _member("member_id"),
        sa.Column(
            "agreement", sa.Integer, sa.ForeignKey("agreement_version.number"), nullable=False
        ),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("typed_name", sa.String, nullable=False),
        sa.Column("country", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("accepted_at", UtcMoment, nullable=False),
        sa.Column("ended_at", UtcMoment),
        _member("ended_by", nullable=True),
        sa.Column("end_reason", sa.String),
    )
    op.create_index("ix_seat_member_id", "seat", ["member_id"])


def _units() -> None:
    op.create_table(
        "unit_grant",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("seat_id", IdText, sa.ForeignKey("seat.id"), nullable=False, unique=True),
        _member("member_id"),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("months", sa.Integer, nullable=False),
        sa.Column("cliff_months", sa.Integer, nullable=False),
        sa.Column("starts_at", UtcMoment, nullable=False),
        sa.Column("vested", sa.BigInteger, nullable=False),
        sa.Column("settled", sa.BigInteger, nullable=False),
        sa.Column("next_at", UtcMoment),
        sa.Column("hold_id", IdText, nullable=False),
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.CheckConstraint("vested >= 0 and vested <= amount", name="vested"),
        sa.CheckConstraint("settled >= 0 and settled <= vested", name="settled"),
    )
    op.create_index("ix_unit_grant_member_id", "unit_grant", ["member_id"])
    _index("ix_unit_grant_vesting", "unit_grant", ["next_at"], "next_at is not null")
    op.create_table(
        "unit_move",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("grant_id", IdText, sa.ForeignKey("unit_grant.id"), nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        _member("by_id", nullable=True),
        sa.Column("at", UtcMoment, nullable=False),
        sa.Column("transfer_id", IdText, nullable=False),
        sa.UniqueConstraint("grant_id", "kind", "step"),
    )
    op.create_index("ix_unit_move_grant_id", "unit_move", ["grant_id"])


def downgrade() -> None:
    for table in GUARDED:
        drop_append_only(table)
    for table in TABLES:
        op.drop_table(table)
    op.drop_index("ix_topic_owed", "topic")
    op.drop_column("topic", "priority")
