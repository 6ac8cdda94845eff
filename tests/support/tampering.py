"""Breaking a database on purpose, as its owner could, and mending it again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, insert

from ccmanage.core.db import Base
from support.world import World

_DEEDS = ("UPDATE", "DELETE")


def drop_guards(connection: Connection) -> None:
    """Take away what keeps the ledger from being changed."""
    for deed in _DEEDS:
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS tr_ledger_refuse_{deed.lower()}")


def put_guards(connection: Connection) -> None:
    """Put it back, as the migration made it."""
    for deed in _DEEDS:
        body = (
            "BEGIN SELECT RAISE(ABORT, 'ledger is append only'); END"
            if connection.dialect.name == "sqlite"
            else "FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'ledger is append only'"
        )
        connection.exec_driver_sql(f"CREATE TRIGGER tr_ledger_refuse_{deed.lower()} BEFORE {deed} ON ledger {body}")


@contextmanager
def unguarded(world: World, *tables: str) -> Iterator[Connection]:
    """Give a connection on which the ledger can be changed; whatever was done to the tables is undone at the end."""
    before = {table: world.rows(table) for table in tables}
    with world.runtime.database.engine.connect() as connection:
        drop_guards(connection)
        try:
            yield connection
        finally:
            connection.rollback()
            drop_guards(connection)
            for table, rows in before.items():
                connection.exec_driver_sql(f"DELETE FROM {table}")
                if rows:
                    connection.execute(insert(Base.metadata.tables[table]), rows)
            put_guards(connection)
            connection.commit()


def first(world: World, table: str, where: str) -> str:
    """Return the condition that is true of the first row of a table that is so, and of no other."""
    names = [column.name for column in Base.metadata.tables[table].primary_key]
    [row] = world.rows(table, f"{where} ORDER BY {', '.join(names)} LIMIT 1")
    return " AND ".join(f"{name} = {_literal(row[name])}" for name in names)


def _literal(value: Any) -> str:
    return f"x'{value.hex()}'" if isinstance(value, bytes) else str(value)
