"""Many rows in one statement, the same on MySQL, MariaDB and SQLite.

SQLAlchemy's own bulk insert spends most of its time in Python on escaping. Here every value is an integer or
bytes, written as a number or as a hexadecimal literal: nothing that could break out of a statement.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")

# From 1,000 values on MariaDB turns an IN list into a temporary table.
IN_LIST = 900
# Well under the smallest max_allowed_packet in use (16 MiB on MariaDB).
_ROWS_A_STATEMENT = 2_000

INT = "%d"
BYTES = "x'%s'"


def chunks(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut values into lists of at most `size`."""
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part


def ints(values: Iterable[int]) -> str:
    """Write whole numbers as an IN list."""
    return ",".join(map(str, map(int, values)))


def hexes(values: Iterable[bytes]) -> str:
    """Write byte strings as an IN list."""
    return ",".join(f"x'{value.hex()}'" for value in values)


@dataclass(frozen=True, slots=True)
class BulkInsert:
    """A prepared multi-row insert. `kinds` tells for each column whether it is `i`(nt) or `b`(ytes).

    With `key`, rows that exist are changed instead: columns in `add` grow by the new value, columns in `put`
    take it. Values are never None: use 0 or b"".
    """

    table: str
    columns: tuple[str, ...]
    kinds: str
    key: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    put: tuple[str, ...] = ()

    def run(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Write the rows (in the order given: sort them by key, so that writers meet in one order)."""
        if not rows:
            return
        if connection.dialect.name == "sqlite":
            marks = ",".join("?" * len(self.columns))
            text = f"INSERT INTO {self.table} ({','.join(self.columns)}) VALUES ({marks}){self._tail('sqlite')}"
            connection.exec_driver_sql(text, [tuple(row) for row in rows])
            return
        flavour = "mariadb" if getattr(connection.dialect, "is_mariadb", False) else "mysql"
        head = f"INSERT INTO {self.table} ({','.join(self.columns)}) VALUES "
        tail = self._tail(flavour)
        for part in chunks(rows, _ROWS_A_STATEMENT):
            connection.exec_driver_sql(head + self._literals(part) + tail)

    def _literals(self, rows: Iterable[Sequence[Any]]) -> str:
        template = "(" + ",".join(INT if kind == "i" else BYTES for kind in self.kinds) + ")"
        byte_places = [place for place, kind in enumerate(self.kinds) if kind == "b"]
        if not byte_places:
            return ",".join([template % tuple(row) for row in rows])
        parts = []
        for row in rows:
            values = list(row)
            for place in byte_places:
                values[place] = values[place].hex()
            parts.append(template % tuple(values))
        return ",".join(parts)

    def _tail(self, flavour: str) -> str:
        if not self.key:
            return ""
        new = {"sqlite": "excluded.{0}", "mariadb": "VALUES({0})", "mysql": "incoming.{0}"}[flavour]
        changes = [f"{name}={self.table}.{name}+{new.format(name)}" for name in self.add]
        changes += [f"{name}={new.format(name)}" for name in self.put]
        if flavour == "sqlite":
            return f" ON CONFLICT ({','.join(self.key)}) DO UPDATE SET {','.join(changes)}"
        alias = " AS incoming" if flavour == "mysql" else ""
        return f"{alias} ON DUPLICATE KEY UPDATE {','.join(changes)}"


def select_in(connection: Connection, text: str, values: Sequence[int] | Sequence[bytes]) -> list[Any]:
    """Run `text`, in which `{}` stands for an IN list, for all values, a list of bounded length at a time."""
    rows: list[Any] = []
    for part in chunks(values, IN_LIST):
        listed = hexes(part) if isinstance(part[0], bytes) else ints(part)  # type: ignore[arg-type]
        rows.extend(connection.exec_driver_sql(text.format(listed)))
    return rows
