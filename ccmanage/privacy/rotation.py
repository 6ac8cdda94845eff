"""Put everything that is encrypted under the first key of the ring, chunk by chunk, while everything runs.

A value is written back only if it is still what was read: whoever changes it meanwhile has used the first key
anyway. A run that was stopped is simply started again: what is done is not read as waiting.

Blind indexes are made anew too, from what they find. Whoever looks asks for the digests of all keys of the ring, so
that nobody is lost meanwhile.
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
from ccmanage.email.models import EmailOptOut, EmailSuppression
from ccmanage.privacy.registry import declarations

CHUNK: Final = 200
ADDRESSES: Final = "emails.address"
DOMAINS: Final = "users.domain"


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
    # Blind indexes that were made anew with the first key.
    reindexed: int = 0


def encrypted_tables() -> Iterator[tuple[Table, Declaration]]:
    """Return the tables that hold envelopes."""
    return ((table, declared) for table, declared in declarations() if declared.sealed)


def rotate(
    write: Callable[[], AbstractContextManager[Writing]],
    ring: KeyRing,
    told: Callable[[str, int], None] = lambda _table, _rows: None,
) -> list[Rotated]:
    """Rewrap all tables; `told` hears of each chunk."""
    follow = Followers(write, ring)
    return [_rotate(write, ring, table, declared, told, follow) for table, declared in encrypted_tables()]


class Followers:
    """Tables that know addresses by their digest alone: each row follows when its address is met elsewhere."""

    def __init__(self, write: Callable[[], AbstractContextManager[Writing]], ring: KeyRing) -> None:
        self._ring = ring
        self._tables = [model.metadata.tables[model.__tablename__] for model in (EmailSuppression, EmailOptOut)]
        with write() as scope:
            self._known = {
                bytes(digest)
                for table in self._tables
                for digest in scope.session.scalars(select(table.c.address_index).distinct())
            }

    def follow(self, session: Session, address: str) -> None:
        """Put what is known of an address under the digest of the first key."""
        fresh, *old = self._ring.blind_indexes(indexed(address, ADDRESSES), ADDRESSES)
        for digest in self._known.intersection(old):
            for table in self._tables:
                self._move(session, table, digest, fresh)

    @staticmethod
    def _move(session: Session, table: Table, digest: bytes, fresh: bytes) -> None:
        """Rename the rows of a digest, but those that are there under the fresh one already: they go."""
        others = [key for key in table.primary_key.columns if key.name != "address_index"]
        rows = session.execute(select(*others).where(table.c.address_index == fresh)).all() if others else []
        there = [and_(*(key == value for key, value in zip(others, row, strict=True))) for row in rows]
        if not others and session.scalar(select(func.count()).where(table.c.address_index == fresh)):
            there = [table.c.address_index == digest]
        for same in there:
            session.execute(table.delete().where(table.c.address_index == digest, same))
        session.execute(update(table).where(table.c.address_index == digest).values(address_index=fresh))


def indexed(value: str, purpose: str) -> str:
    """Return what a blind index is made of: what the services that look a value up make of it."""
    if purpose == ADDRESSES:
        return value.strip().lower()
    if purpose == DOMAINS:
        return value.rpartition("@")[2]
    return value


def _rotate(
    write: Callable[[], AbstractContextManager[Writing]],
    ring: KeyRing,
    table: Table,
    declared: Declaration,
    told: Callable[[str, int], None],
    followers: Followers,
) -> Rotated:
    done, after = Rotated(table.name), None
    while True:

        def once(after: Any = after) -> tuple[Rotated, Any]:
            with write() as scope:
                return _chunk(scope.session, ring, table, declared, after, followers)

        part, after = with_retries(once, repeatable=True)
        done.rows += part.rows
        done.rewrapped += part.rewrapped
        done.unreadable += part.unreadable
        done.reindexed += part.reindexed
        told(table.name, part.rows)
        if after is None:
            return done


def _chunk(
    session: Session, ring: KeyRing, table: Table, declared: Declaration, after: Any, followers: Followers
) -> tuple[Rotated, Any]:
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
        for column in declared.index:
            part.reindexed += _reindex(session, ring, table, declared, column, values, followers)
    return part, rows[-1]._mapping[keys[0].name] if len(rows) == CHUNK else None


def _reindex(  # noqa: PLR0913 - one value of one row
    session: Session,
    ring: KeyRing,
    table: Table,
    declared: Declaration,
    column: str,
    values: Any,
    followers: Followers,
) -> int:
    """Make a blind index anew from the value it finds; tells whether it was another."""
    sealed, purpose = declared.index[column]
    if not values[sealed] or values[column] is None:
        return 0
    try:
        plain = ring.decrypt(values[sealed], declared.context(sealed, values[declared.row]))
    except CannotDecrypt:
        return 0
    if purpose in (ADDRESSES, "users.email"):
        followers.follow(session, plain)
    fresh = ring.blind_index(indexed(plain, purpose), purpose)
    if bytes(values[column]) == fresh:
        return 0
    same = and_(*(key == values[key.name] for key in table.primary_key.columns), table.c[column] == values[column])
    session.execute(update(table).where(same).values({column: fresh}))
    return 1


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
