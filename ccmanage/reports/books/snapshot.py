"""Short looks at a live database: each chunk is one read-only transaction that sees one instant."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TypeVar

from sqlalchemy import Connection

from ccmanage.core.db import Database
from ccmanage.core.uow import with_retries
from ccmanage.reports.books.report import BooksReport

T = TypeVar("T")

# Called with the part's name and how far it is, from 0 to 1.
Progress = Callable[[str, float], None]

_LONGEST_SECONDS = 0.5
_SHORT_SECONDS = 0.2
_SMALLEST = 16
_LARGEST = 100_000


class Stopped(Exception):
    """Whoever asked for the audit wants it to end before it is through."""


class Pace:
    """How much to look at in one transaction: grows while that is quick, shrinks when it takes long."""

    def __init__(self, size: int, largest: int) -> None:
        self._largest = largest
        self.size = min(size, largest)

    def took(self, seconds: float) -> None:
        """Learn from how long a chunk took."""
        if seconds > _LONGEST_SECONDS:
            self.size = max(self.size // 2, min(_SMALLEST, self._largest))
        elif seconds < _SHORT_SECONDS:
            self.size = min(self.size * 2, self._largest)


@contextmanager
def snapshot(database: Database) -> Iterator[Connection]:
    """Open a read-only transaction in which all statements see the same instant."""
    with database.engine.connect() as connection:
        if not database.is_sqlite:
            # For this one transaction; the session's own level comes back by itself. A deferred transaction of
            # SQLite sees one instant anyway.
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT")
        yield connection


class Run:
    """One audit under way: reads chunk by chunk and collects what it finds."""

    def __init__(
        self,
        database: Database,
        report: BooksReport,
        *,
        progress: Progress | None = None,
        should_stop: Callable[[], bool] | None = None,
        largest: int = _LARGEST,
    ) -> None:
        self.report = report
        self._database = database
        self._largest = largest
        self._progress = progress
        self._should_stop = should_stop

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is SQLite."""
        return self._database.is_sqlite

    def pace(self, size: int, largest: int) -> Pace:
        """Return a pace that begins with a size, within the bounds of this run."""
        return Pace(size, min(largest, self._largest))

    def read(self, work: Callable[[Connection], T], pace: Pace | None = None) -> T:
        """Run one chunk in one snapshot, again after a lost connection. Raises Stopped between chunks.

        What is found goes into the report by the caller, after the chunk: it may run twice.
        """
        if self._should_stop is not None and self._should_stop():
            raise Stopped
        started = monotonic()

        def once() -> T:
            with snapshot(self._database) as connection:
                return work(connection)

        result = with_retries(once)
        if pace is not None:
            pace.took(monotonic() - started)
        return result

    def tell(self, part: str, done: int, whole: int) -> None:
        """Tell how far a part is."""
        if self._progress is not None:
            self._progress(part, min(done / whole, 1.0) if whole > 0 else 1.0)
