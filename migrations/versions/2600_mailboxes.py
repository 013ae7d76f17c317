"""Mailboxes and who read each first; filled from the members there are, who proved theirs before.

How addresses become mailboxes is written out here, so that this step stays what it was.
"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

from foundation.tables import IdText, UtcMoment

revision = "2600"
down_revision = "2500"
branch_labels = None
depends_on = None

MEMBER = sa.table(
    "member",
    sa.column("id", IdText),
    sa.column("email", sa.String),
    sa.column("email_verified_at", UtcMoment),
)
WITHOUT_DOTS = ("gmail.com", "googlemail.com")
ROWS = 1_000


def upgrade() -> None:
    mailbox = op.create_table(
        "mailbox",
        sa.Column("mailbox", sa.String, primary_key=True),
        sa.Column("member_id", IdText, sa.ForeignKey("member.id"), nullable=False),
        sa.Column("at", UtcMoment, nullable=False),
    )
    found = _first_readers()
    for start in range(0, len(found), ROWS):
        op.bulk_insert(mailbox, found[start : start + ROWS])


def _first_readers() -> list[dict[str, str | datetime]]:
    proven = (
        sa.select(MEMBER)
        .where(MEMBER.c.email.is_not(None), MEMBER.c.email_verified_at.is_not(None))
        .order_by(MEMBER.c.email_verified_at, MEMBER.c.id)
    )
    found: dict[str, dict[str, str | datetime]] = {}
    for member_id, email, at in op.get_bind().execute(proven):
        mailbox = _mailbox(email)
        found.setdefault(mailbox, {"mailbox": mailbox, "member_id": member_id, "at": at})
    return list(found.values())


def _mailbox(email: str) -> str:
    local, _, domain = email.rpartition("@")
    local = local.split("+", 1)[0] or local
    if domain in WITHOUT_DOTS:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def downgrade() -> None:
    op.drop_table("mailbox")
