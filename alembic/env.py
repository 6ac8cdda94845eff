"""Runs migrations on the connection that `ccmanage.migrations` or the command line gives."""

from alembic import context

from ccmanage.core.config import load_settings
from ccmanage.core.db import Database
from ccmanage.tables import metadata


def run(connection) -> None:
    """Migrate on an open connection."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    database = Database(load_settings(embedded=True).database_url)
    with database.engine.connect() as connection:
        run(connection)
        connection.commit()
