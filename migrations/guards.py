"""Triggers that migrations share: the law in the database itself, on both back ends."""

from alembic import op


def append_only(table: str) -> None:
    """Refuse UPDATE, DELETE and (on PostgreSQL) TRUNCATE on `table`."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            """create or replace function refuse_change() returns trigger language plpgsql as $$
            begin raise exception '% is append-only', tg_table_name
                using errcode = 'restrict_violation'; end $$"""
        )
        op.execute(
            f"create trigger {table}_append_only before update or delete on {table}"
            " for each row execute function refuse_change()"
        )
        op.execute(
            f"create trigger {table}_no_truncate before truncate on {table}"
            " for each statement execute function refuse_change()"
        )
        return
    for act in ("update", "delete"):
        op.execute(
            f"create trigger {table}_no_{act} before {act} on {table}"
            f" begin select raise(abort, '{table} is append-only'); end"
        )


def drop_append_only(table: str) -> None:
    """Take the triggers of `append_only` away again."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"drop trigger if exists {table}_append_only on {table}")
        op.execute(f"drop trigger if exists {table}_no_truncate on {table}")
        return
    for act in ("update", "delete"):
        op.execute(f"drop trigger if exists {table}_no_{act}")
