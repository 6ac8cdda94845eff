"""Read a person's rows page by page, in the clear, as people understand them."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Row, Table, and_, or_, select
from sqlalchemy.orm import Session

from ccmanage.core.clock import to_rfc3339
from ccmanage.core.crypto import KeyRing
from ccmanage.core.money import format_credits
from ccmanage.core.personal import Declaration

PAGE_ROWS: Final = 500

Record = dict[str, Any]


def rows_of(session: Session, table: Table, declared: Declaration, person: int) -> Iterator[Row[Any]]:
    """Return the rows of a table that name a person, in the order of their keys, a page at a time."""
    keys = list(table.primary_key.columns)
    after: tuple[Any, ...] | None = None
    while True:
        statement = select(table).where(table.c[declared.person] == person).order_by(*keys).limit(PAGE_ROWS)
        if after is not None:
            statement = statement.where(_beyond(keys, after))
        page = session.execute(statement).all()
        yield from page
        if len(page) < PAGE_ROWS:
            return
        after = tuple(page[-1]._mapping[key.name] for key in keys)


def _beyond(keys: list[Any], after: tuple[Any, ...]) -> Any:
    """Return the condition that a row comes after another in the order of several columns."""
    return or_(
        *(
            and_(*(keys[place] == after[place] for place in range(depth)), keys[depth] > after[depth])
            for depth in range(len(keys))
        )
    )


def shown(row: Mapping[str, Any], declared: Declaration, ring: KeyRing) -> Record:
    """Return a row in the clear: decrypted, with times and credits as they are written elsewhere."""
    record: Record = {}
    for name, value in row.items():
        if name in declared.hidden or name in declared.index:
            continue
        if name in declared.sealed:
            place = declared.context(name, row[declared.row])
            record[name.removesuffix("_sealed")] = ring.decrypt(value, place) if value else ""
        elif name == "public_id":
            record["id"] = bytes(value).hex()
        else:
            column, plain = readable(name, value)
            record[column] = plain
    return record


def readable(name: str, value: Any) -> tuple[str, Any]:
    """Return a column's name and value as people read them."""
    if name.endswith("_at") or name == "at":
        return name, to_rfc3339(value) if value else None
    if name.endswith("_nano"):
        return name.removesuffix("_nano"), None if value is None else format_credits(value)
    if isinstance(value, bytes | bytearray | memoryview):
        raw = bytes(value)
        try:
            return name, raw.decode()
        except UnicodeDecodeError:
            return name, raw.hex()
    return name, value
