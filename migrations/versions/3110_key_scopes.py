"""What a key is for; those that were made before are for everything there was."""

import sqlalchemy as sa
from alembic import op

revision = "3110"
down_revision = "3100"
branch_labels = None
depends_on = None

ALL = "credit prepaid vouchers"


def upgrade() -> None:
    with op.batch_alter_table("api_key") as table:
        table.add_column(sa.Column("scopes", sa.String, nullable=False, server_default=ALL))
    with op.batch_alter_table("api_key") as table:
        table.alter_column("scopes", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("api_key") as table:
        table.drop_column("scopes")
