"""Migrated databases for tests: a copied file for SQLite, an emptied schema on MySQL or MariaDB."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import event, inspect, text
from sqlalchemy.engine import Engine

from ccmanage.core.db import Database
from ccmanage.migrations import migrate

# What a migration puts in stays: truncating would take it away.
_KEPT = frozenset({"alembic_version", "settlement_lanes"})
_GUARDED = frozenset({"ledger", "renewals"})


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


def hurry(engine: Engine) -> None:
    """Let SQLite not wait for the disk: what a test leaves behind need not outlive a power cut."""

    def prepare(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    event.listen(engine, "connect", prepare)


def hurry_server(server: Any) -> None:
    """Let a private MySQL or MariaDB not wait for the disk; one that is given stays as it is."""
    if server.controllable:
        with server.admin() as connection, connection.cursor() as cursor:
            cursor.execute("SET GLOBAL innodb_flush_log_at_trx_commit=0, GLOBAL sync_binlog=0")


def empty(engine: Engine) -> None:
    """Empty every table that holds rows. TRUNCATE passes the triggers that refuse DELETE, and takes far longer."""
    tables = [table for table in inspect(engine).get_table_names() if table not in _KEPT]
    with engine.connect() as connection:
        filled = " UNION ALL ".join(f"(SELECT '{table}' FROM {table} LIMIT 1)" for table in tables)
        connection.execute(text("SET FOREIGN_KEY_CHECKS=0"))
        for (table,) in connection.execute(text(filled)).all():
            connection.execute(text(f"TRUNCATE TABLE {table}" if table in _GUARDED else f"DELETE FROM {table}"))
        connection.execute(text("SET FOREIGN_KEY_CHECKS=1"))
        connection.commit()
