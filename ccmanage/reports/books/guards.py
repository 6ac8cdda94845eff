"""I2 and I7 by construction: the unique keys are there, and the database refuses to change the ledger."""

from sqlalchemy import Connection, inspect

from ccmanage.reports.books.report import Finding, finding
from ccmanage.reports.books.rules import judge_guards
from ccmanage.reports.books.snapshot import Run

_DEEDS = ("UPDATE", "DELETE")
_IDENTITY = ("gateway_id", "event_id")
_SQLITE = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger'"
_MYSQL = (
    "SELECT event_manipulation, action_statement FROM information_schema.triggers"
    " WHERE event_object_schema = DATABASE() AND event_object_table = 'ledger' AND action_timing = 'BEFORE'"
)


def check_guards(run: Run) -> None:
    """Look whether the database itself holds what it has to hold."""
    run.report.add(run.read(_unique_keys))
    run.report.add(judge_guards(_DEEDS, run.read(_triggers_of_sqlite if run.is_sqlite else _triggers_of_mysql)))


def _unique_keys(connection: Connection) -> list[Finding]:
    inspector = inspect(connection)
    keys = {tuple(index["column_names"]) for index in inspector.get_indexes("events") if index["unique"]}
    keys |= {tuple(unique["column_names"]) for unique in inspector.get_unique_constraints("events")}
    archived = tuple(inspector.get_pk_constraint("archived_event_keys")["constrained_columns"])
    return [
        finding("I2", "unique_key", {"table": table}, f"a unique key over {' and '.join(_IDENTITY)}", "none")
        for table, found in (("events", keys), ("archived_event_keys", {archived}))
        if _IDENTITY not in found
    ]


def _triggers_of_sqlite(connection: Connection) -> dict[str, str]:
    found = {}
    for (body,) in connection.exec_driver_sql(_SQLITE):
        for deed in _DEEDS:
            if f"BEFORE {deed} ON" in body.upper():
                found[deed] = body
    return found


def _triggers_of_mysql(connection: Connection) -> dict[str, str]:
    return {str(deed).upper(): str(body) for deed, body in connection.exec_driver_sql(_MYSQL)}
