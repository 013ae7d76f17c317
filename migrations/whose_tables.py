"""Functions of PostgreSQL name their tables with the schema.

Whoever may make a temporary table can slip one of the same name under a function that looks for its
tables along the path of its caller: a trigger would then ask the forger's rows instead of the book.
To set a path for a function keeps that off as well, and costs twentieths of each transfer.
"""

import re

import sqlalchemy as sa
from alembic import op

OURS = sa.text(
    "select pg_get_functiondef(oid) from pg_proc"
    " where pronamespace = current_schema()::regnamespace"
    " and prolang = (select oid from pg_language where lanname = 'plpgsql')"
    " and not exists (select 1 from unnest(proconfig) said where said like 'search_path=%')"
)
TABLES = sa.text("select tablename from pg_tables where schemaname = current_schema()")


def name_them() -> None:
    """Write the functions again that have no path of their own, with the schema at each table."""
    connection = op.get_bind()
    schema = connection.scalar(sa.text("select quote_ident(current_schema())"))
    names = "|".join(sorted(map(re.escape, connection.scalars(TABLES)), key=len, reverse=True))
    place = re.compile(rf"\b(from|join|update|into)(\s+)({names})\b")
    for definition in connection.scalars(OURS).all():
        named = place.sub(rf"\1\2{schema}.\3", definition)
        if named != definition:
            connection.exec_driver_sql(named)
