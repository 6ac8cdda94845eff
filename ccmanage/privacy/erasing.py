"""Empty a person's rows, table by table, as each table declares. Repeating it changes nothing."""

import os
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Column, Table, and_, delete, select, text, update
from sqlalchemy.orm import Session

from ccmanage.core.personal import Declaration, Erasure
from ccmanage.privacy.registry import declarations

CHUNK: Final = 500

# One chunk of a table's rows of a person; tells where to go on (None: done).
Step = Callable[[Session, int, Any], Any]


def steps() -> list[tuple[str, Step]]:
    """Return what is to be done for a person, by table; tables with a rule of their own are in `OWN`."""
    found: list[tuple[str, Step]] = []
    for table, declared in declarations():
        if declared.on_erasure is Erasure.DELETE:
            found.append((table.name, _deleter(table, declared)))
        elif declared.on_erasure is Erasure.BLANK:
            found.append((table.name, _blanker(table, declared)))
        elif declared.on_erasure is Erasure.OWN and table.name in OWN:
            found.append((table.name, OWN[table.name]))
    return found


def _deleter(table: Table, declared: Declaration) -> Step:
    keys = list(table.primary_key.columns)

    def step(session: Session, person: int, _after: Any) -> Any:
        rows = session.execute(select(*keys).where(table.c[declared.person] == person).limit(CHUNK)).all()
        for row in rows:
            session.execute(delete(table).where(_is(keys, row)))
        return True if len(rows) == CHUNK else None

    return step


def _blanker(table: Table, declared: Declaration) -> Step:
    keys = list(table.primary_key.columns)
    columns = [*declared.sealed, *declared.index, *declared.plain]

    def step(session: Session, person: int, after: Any) -> Any:
        statement = select(*keys).where(table.c[declared.person] == person).order_by(*keys).limit(CHUNK)
        if after is not None:
            statement = statement.where(keys[0] > after)
        rows = session.execute(statement).all()
        for row in rows:
            session.execute(update(table).where(_is(keys, row)).values(blank(table, declared, columns)))
        return rows[-1][0] if len(rows) == CHUNK else None

    return step


def blank(table: Table, declared: Declaration, columns: list[str]) -> dict[str, Any]:
    """Return what takes the place of what was there."""
    return {name: _nothing(table.c[name], is_index=name in declared.index) for name in columns}


def _nothing(column: Column[Any], *, is_index: bool) -> Any:
    if is_index:
        # Digests are unique: chance is what nobody's address has.
        return os.urandom(32)
    if column.nullable:
        return None
    return b"" if column.type.python_type is bytes else ""


def _is(keys: list[Column[Any]], row: Any) -> Any:
    return and_(*(key == value for key, value in zip(keys, row, strict=True)))


def _members(session: Session, person: int, _after: Any) -> Any:
    """Leave every workspace but one's own, which nobody is in from now on but an opaque number."""
    session.execute(
        text(
            "DELETE FROM members WHERE user_id = :person AND workspace_id IN (SELECT id FROM workspaces WHERE kind = 1)"
        ),
        {"person": person},
    )
    return None


def _chunks_of_exports(session: Session, person: int, _after: Any) -> Any:
    session.execute(
        text("DELETE FROM data_export_chunks WHERE export_id IN (SELECT id FROM data_exports WHERE user_id = :person)"),
        {"person": person},
    )
    return None


def _events(session: Session, person: int, after: Any) -> Any:
    """Take the labels off single calls, workspace by workspace: counts and costs stay."""
    connection = session.connection()
    workspaces = sorted(connection.execute(_WORKSPACES, {"person": person}).scalars())
    place, at, number = after or (0, -1, 0)
    if place >= len(workspaces):
        return None
    bounds = {"workspace": workspaces[place], "person": person, "at": at, "number": number, "most": CHUNK}
    rows = connection.execute(_LABELLED, bounds).all()
    if rows:
        listed = ",".join(str(int(row.id)) for row in rows)
        connection.exec_driver_sql(f"UPDATE events SET session_label = x'', extra = x'' WHERE id IN ({listed})")
    if len(rows) < CHUNK:
        return (place + 1, -1, 0) if place + 1 < len(workspaces) else None
    return (place, rows[-1].event_at, rows[-1].id)


def _projects(session: Session, person: int, _after: Any) -> Any:
    """Rename the projects of the person's own workspace: sums under them stay, each on its own."""
    connection = session.connection()
    rows = connection.execute(_OWN_PROJECTS, {"person": person, "most": CHUNK}).all()
    for row in rows:
        label = f"erased-{row.id}".encode()
        connection.execute(text("UPDATE projects SET label = :label WHERE id = :id"), {"label": label, "id": row.id})
    return True if len(rows) == CHUNK else None


_WORKSPACES = text(
    "SELECT id FROM workspaces WHERE personal_user_id = :person"
    " UNION SELECT workspace_id FROM api_keys WHERE user_id = :person"
)
_LABELLED = text(
    "SELECT id, event_at FROM events WHERE workspace_id = :workspace AND user_id = :person"
    " AND (event_at > :at OR event_at = :at AND id > :number)"
    " AND (session_label <> x'' OR extra <> x'') ORDER BY event_at, id LIMIT :most"
)
_OWN_PROJECTS = text(
    "SELECT p.id FROM projects p JOIN workspaces w ON w.id = p.workspace_id"
    " WHERE w.personal_user_id = :person AND SUBSTR(p.label, 1, 7) <> x'6572617365642d' LIMIT :most"
)

# Tables whose declaration says `Erasure.OWN`, apart from those that services empty (users, audit, mail).
OWN: Final[dict[str, Step]] = {
    "members": _members,
    "data_export_chunks": _chunks_of_exports,
    "events": _events,
    "projects": _projects,
}
# Labels that a settlement may still have written while their person was being erased.
LABELS: Final = (_events, _projects)
BY_SERVICE: Final = frozenset({"users", "audit_details", "emails", "email_opt_outs", "email_suppressions"})
