"""Count the clicks of a statement at once on PostgreSQL, where several are written together.

Row by row in random slots, two statements could wait for one another. Now each touches the counts
of its codes in the order of their names.
"""

from alembic import op

revision = "2200"
down_revision = "2100"
branch_labels = None
depends_on = None

BY_STATEMENT = """create or replace function count_referral_click() returns trigger
    language plpgsql as $$
    begin
        insert into referral_click_count as c (code, channel, slot, clicks)
        select code, channel, floor(random() * 16)::smallint, count(*)
          from fresh group by code, channel order by code, channel
        on conflict (code, channel, slot) do update set clicks = c.clicks + excluded.clicks;
        return null;
    end $$"""
BY_ROW = """create or replace function count_referral_click() returns trigger
    language plpgsql as $$
    begin
        insert into referral_click_count as c (code, channel, slot, clicks)
        values (new.code, new.channel, floor(random() * 16)::smallint, 1)
        on conflict (code, channel, slot) do update set clicks = c.clicks + 1;
        return null;
    end $$"""


def upgrade() -> None:
    _count(BY_STATEMENT, "referencing new table as fresh for each statement")


def downgrade() -> None:
    _count(BY_ROW, "for each row")


def _count(function: str, how: str) -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("drop trigger referral_click_counts on referral_click")
    op.execute(function)
    op.execute(
        f"create trigger referral_click_counts after insert on referral_click {how}"
        " execute function count_referral_click()"
    )
