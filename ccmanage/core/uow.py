"""The unit of work: one transaction, and the messages that leave after it."""

import random
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy.orm import Session

from ccmanage.core.clock import Clock
from ccmanage.core.db import Database, is_away, is_transient
from ccmanage.core.errors import DomainError, Kind
from ccmanage.core.logging import get_logger
from ccmanage.core.tasks import Queue, Task

T = TypeVar("T")
log = get_logger(__name__)

MAX_TRIES = 5


class OutcomeUnknown(DomainError):
    """The answer to COMMIT was lost: what was asked is either done whole or not at all."""

    kind, code = Kind.UNAVAILABLE, "outcome.unknown"


class UnitOfWork:
    """A transaction that commits on leave and rolls back on error. Services never commit.

    `enqueue` buffers messages and sends them after the commit; a rollback drops them.
    """

    def __init__(self, database: Database, queue: Queue, clock: Clock, *, write: bool = True) -> None:
        self.database = database
        self.clock = clock
        self.write = write
        self.session = Session(database.engine, autoflush=False, expire_on_commit=False)
        self._queue = queue
        self._tasks: list[Task] = []

    def enqueue(self, task: Task) -> None:
        """Send a message once the transaction is committed; the same message is sent once."""
        if task not in self._tasks:
            self._tasks.append(task)

    def __enter__(self) -> Self:
        if self.write:
            self.database.begin_write(self.session)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._finish(failed=kind is not None)
        finally:
            if self.write:
                self.database.end_write()
        if kind is None:
            for task in self._tasks:
                self._queue.send(task)

    def _finish(self, *, failed: bool) -> None:
        with self.session:
            if failed:
                self.session.rollback()
                return
            if not self.write:
                # Closing ends the transaction; a rollback would also empty what was read.
                return
            try:
                self.session.commit()
            except BaseException as error:
                # After a failed COMMIT the connection's state is unknown: nobody may use it again.
                self.session.invalidate()
                if is_away(error):
                    raise OutcomeUnknown("The answer of the database was lost. Look whether it was done.") from error
                raise


def with_retries(work: Callable[[], T], *, tries: int = MAX_TRIES, repeatable: bool = False) -> T:
    """Run a whole unit of work again after a deadlock, a lock time-out or a lost connection.

    `repeatable` says that unique rows make a second run harmless, so that it may also follow a lost answer
    to COMMIT.
    """
    for attempt in range(1, tries + 1):
        try:
            return work()
        except Exception as error:
            again = is_transient(error) or (repeatable and isinstance(error, OutcomeUnknown))
            if attempt == tries or not again:
                raise
            log.warning("unit_of_work_retried", attempt=attempt, error=type(error).__name__, text=str(error)[:200])
            time.sleep(min(2.0, 0.02 * 2**attempt) * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
    raise AssertionError("unreachable")
