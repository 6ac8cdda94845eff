"""Migrated databases for tests: a copied file for SQLite, an emptied schema on MySQL or MariaDB."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import inspect, text
from sqlalchemy.engine import Engine

from ccmanage.core.db import Database
from ccmanage.migrations import migrate

# What a migration puts in stays: truncating would take it away.
_KEPT = frozenset({"alembic_version", "settlement_lanes"})


def migrated_sqlite(template: Path, target: Path) -> str:
    """Return the URL of a fresh database file, migrated once and copied ever after."""
    if not template.exists():
        database = Database(f"sqlite:///{template}")
        migrate(database)
        with database.engine.connect() as connection:
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        database.dispose()
    shutil.copyfile(template, target)
    return f"sqlite:///{target}"


def migrated_mysql(server: Any, name: str) -> str:
    """Return the URL of a fresh, migrated schema on a server."""
    url: str = server.create_database(name)
    database = Database(url)
    migrate(database)
    database.dispose()
    return url


def empty(engine: Engine) -> None:
    """Empty every table that holds rows (TRUNCATE passes the ledger's triggers, which refuse DELETE)."""
    tables = [table for table in inspect(engine).get_table_names() if table not in _KEPT]
    with engine.connect() as connection:
        filled = " UNION ALL ".join(f"(SELECT '{table}' FROM {table} LIMIT 1)" for table in tables)
        connection.execute(text("SET FOREIGN_KEY_CHECKS=0"))
        for (table,) in connection.execute(text(filled)).all():
            connection.execute(text(f"TRUNCATE TABLE {table}"))
        connection.execute(text("SET FOREIGN_KEY_CHECKS=1"))
