"""Goods and perks in the book: rows keep the transfers that gave them and took them back."""

import sqlalchemy as sa
from alembic import op

from foundation.tables import IdText

revision = "2950"
down_revision = "2800"
branch_labels = None
depends_on = None

#: Column, and the key of its transfer after the subject: so a step down and up loses nothing.
COLUMNS = {
    "redemption": {"unit_id": ":unit", "handed_over_id": ":unit:spend"},
    "entitlement": {"transfer_id": "", "taken_back_id": ":back"},
}


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for column, ending in columns.items():
            op.add_column(table, sa.Column(column, IdText))
            made = sa.text(
                f"update {table} set {column} = (select t.id from ledger_transfer t"
                f" where t.key = :about || {table}.id || :ending)"
            )
            op.execute(made.bindparams(about=f"{table}:", ending=ending))


def downgrade() -> None:
    for table, columns in COLUMNS.items():
        for column in columns:
            op.drop_column(table, column)
