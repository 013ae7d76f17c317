"""To be filled in by its capability."""

revision = "1700"
down_revision = "1600"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
