"""What of a member may change is unique by an index of what is there, and no key of the table.

On PostgreSQL whoever changes a key of a row waits for all who write rows that refer to it: who
learns a buyer's number waited for her order, which waited for whoever learns.
"""

import sqlalchemy as sa
from alembic import op

revision = "3620"
down_revision = "3300"
branch_labels = None
depends_on = None

CHANGING = ("handle", "email", "customer_ref")


def upgrade() -> None:
    with op.batch_alter_table("member") as table:
        for name in CHANGING:
            table.drop_constraint(f"uq_member_{name}", type_="unique")
    for name in CHANGING:
        there = sa.text(f"{name} is not null")
        op.create_index(f"ix_member_{name}", "member", [name], unique=True, postgresql_where=there)


def downgrade() -> None:
    for name in CHANGING:
        op.drop_index(f"ix_member_{name}", "member")
    with op.batch_alter_table("member") as table:
        for name in CHANGING:
            table.create_unique_constraint(f"uq_member_{name}", [name])
