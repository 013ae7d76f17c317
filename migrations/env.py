"""How Alembic reaches the database: the URL given by the caller, foreign keys off on SQLite.

Rebuilding a SQLite table (batch mode) with foreign keys on would delete what refers to it, so
they are off while a migration runs, and `foreign_key_check` must find nothing at the end.
"""

from alembic import context
from sqlalchemy import create_engine, pool

import app  # noqa: F401 - every room's tables
from foundation.tables import Base


def migrate() -> None:
    url = context.config.get_main_option("sqlalchemy.url")
    if not url:
        from foundation.settings import Settings

        url = Settings().url
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        on_sqlite = connection.dialect.name == "sqlite"
        if on_sqlite:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=on_sqlite,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        if on_sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
            raise RuntimeError(f"the migration left rows that refer to nothing: {broken[:5]}")


migrate()
