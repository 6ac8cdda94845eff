"""Put everything that is encrypted under the first key of the ring, chunk by chunk, while everything runs.

A value is written back only if it is still what was read: whoever changes it meanwhile has used the first key
anyway. A run that was stopped is simply started again: what is done is not read as waiting.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sqlalchemy import LargeBinary, Table, and_, func, or_, select, update
from sqlalchemy.orm import Session

from ccmanage.core.crypto import CannotDecrypt, KeyRing
from ccmanage.core.personal import Declaration
from ccmanage.core.uow import with_retries
from ccmanage.privacy.registry import declarations

CHUNK: Final = 200


class Writing(Protocol):
    """What the rotation needs of a transaction."""

    session: Session


@dataclass(slots=True)
class Rotated:
    """What became of a table's values."""

    table: str
    rows: int = 0
    rewrapped: int = 0
    # Values that no key of the ring opens: a key was taken away too early.
    unreadable: int = 0


def encrypted_tables() -> Iterator[tuple[Table, Declaration]]:
    """Return the tables that hold envelopes."""
    return ((table, declared) for table, declared in declarations() if declared.sealed)


def rotate(
    write: Callable[[], AbstractContextManager[Writing]],
    ring: KeyRing,
    told: Callable[[str, int], None] = lambda _table, _rows: None,
) -> list[Rotated]:
    """Rewrap all tables; `told` hears of each chunk."""
    return [_rotate(write, ring, table, declared, told) for table, declared in encrypted_tables()]


def _rotate(
    write: Callable[[], AbstractContextManager[Writing]],
    ring: KeyRing,
    table: Table,
    declared: Declaration,
    told: Callable[[str, int], None],
) -> Rotated:
    done, after = Rotated(table.name), None
    while True:

        def once(after: Any = after) -> tuple[Rotated, Any]:
            with write() as scope:
                return _chunk(scope.session, ring, table, declared, after)

        part, after = with_retries(once, repeatable=True)
        done.rows += part.rows
        done.rewrapped += part.rewrapped
        done.unreadable += part.unreadable
        told(table.name, part.rows)
        if after is None:
            return done


def _chunk(session: Session, ring: KeyRing, table: Table, declared: Declaration, after: Any) -> tuple[Rotated, Any]:
    keys = list(table.primary_key.columns)
    statement = select(table).order_by(*keys).limit(CHUNK)
    if after is not None:
        statement = statement.where(keys[0] > after)
    rows = session.execute(statement).all()
    part = Rotated(table.name, rows=len(rows))
    for row in rows:
        values = row._mapping
        for column in declared.sealed:
            envelope = values[column]
            if not envelope or not ring.needs_rewrap(envelope):
                continue
            try:
                fresh = ring.rewrap(envelope, declared.context(column, values[declared.row]))
            except CannotDecrypt:
                part.unreadable += 1
                continue
            same = and_(*(key == values[key.name] for key in keys), table.c[column] == envelope)
            session.execute(update(table).where(same).values({column: fresh}))
            part.rewrapped += 1
    return part, rows[-1]._mapping[keys[0].name] if len(rows) == CHUNK else None


def waiting(session: Session, ring: KeyRing) -> dict[str, int]:
    """Count, for each table, the rows with a value under another key than the first."""
    head = bytes([1]) + ring.primary
    found: dict[str, int] = {}
    for table, declared in encrypted_tables():
        old = or_(
            *(
                and_(
                    func.length(table.c[column]) > 0,
                    func.substr(table.c[column], 1, len(head), type_=LargeBinary) != head,
                )
                for column in declared.sealed
            )
        )
        if count := session.scalar(select(func.count()).select_from(table).where(old)):
            found[table.name] = count
    return found
