"""Group commit: posts that arrive together are written in one transaction, and answered after it.

One thread writes. While it waits for the database, posts gather; the next group takes all of them, up to a
size. So single-event posts are as durable as large ones and nearly as cheap.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ccmanage.core import metrics
from ccmanage.core.clock import Clock
from ccmanage.core.db import Database, is_silent, is_transient
from ccmanage.core.errors import Unavailable
from ccmanage.core.failpoints import failpoint
from ccmanage.core.logging import get_logger
from ccmanage.core.sql import BulkInsert, select_in
from ccmanage.core.tasks import Queue
from ccmanage.core.uow import OutcomeUnknown, UnitOfWork
from ccmanage.usage.errors import WaitingRoomFull
from ccmanage.usage.tasks import SettleUsage

log = get_logger(__name__)

CAPACITY_BYTES = 48 << 20
GROUP_BYTES = 4 << 20
_ROW_BYTES = 400  # what a waiting post costs beside its payload
_TRIES = 3
# While small posts come from many at once, a group waits this long for more of them: each transaction costs this
# process as much time as ten posts, time that it takes from reading them.
_GATHER_SECONDS = 0.004
_GATHER_BYTES = 64 << 10

INBOX = BulkInsert(
    "inbox_batches",
    (
        "public_id",
        "gateway_id",
        "kind",
        "state",
        "received",
        "rejected",
        "received_at",
        "tries",
        "next_attempt_at",
        "payload",
        "rejections",
        "ids",
    ),
    "biiiiiiiibbb",
)


@dataclass(slots=True, eq=False)
class NewBatch:
    """A post to be written. Its id is made beforehand, so that an unknown COMMIT can be checked by it."""

    public_id: bytes
    gateway_id: int
    kind: int
    received: int
    rejected: int
    received_at: int
    payload: bytes
    rejections: bytes
    ids: bytes
    size: int = field(init=False)
    abandoned: bool = False

    def __post_init__(self) -> None:
        self.size = len(self.payload) + len(self.rejections) + len(self.ids) + _ROW_BYTES

    def row(self) -> tuple[Any, ...]:
        """Return the values of `INBOX.columns`."""
        return (
            self.public_id,
            self.gateway_id,
            self.kind,
            0,
            self.received,
            self.rejected,
            self.received_at,
            0,
            0,
            self.payload,
            self.rejections,
            self.ids,
        )


Result = tuple[NewBatch, Any, Exception | None]
Deliver = Callable[[Sequence[Result]], None]


class InboxWriter:
    """The waiting room and the thread that empties it. `deliver` gets each group's results in that thread."""

    def __init__(
        self,
        database: Database,
        queue: Queue,
        clock: Clock,
        deliver: Deliver,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pause = pause
        self._database = database
        self._queue = queue
        self._clock = clock
        self._deliver = deliver
        self._waiting: deque[tuple[NewBatch, Any]] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="inbox-writer", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self, timeout_seconds: float = 10) -> None:
        """Write what waits, then end."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(timeout_seconds)

    @property
    def waiting_bytes(self) -> int:
        """How much waits to be written."""
        return self._bytes

    def offer(self, batch: NewBatch, ticket: Any) -> None:
        """Put a post into the waiting room; its result will be delivered with the ticket. Raises WaitingRoomFull."""
        with self._changed:
            if self._stopping or self._bytes + batch.size > CAPACITY_BYTES:
                raise WaitingRoomFull
            self._bytes += batch.size
            self._waiting.append((batch, ticket))
            self._changed.notify()

    def _run(self) -> None:
        busy = False
        while group := self._next_group(busy):
            busy = len(group) > 1
            self._write_group(group)

    def _next_group(self, busy: bool) -> list[tuple[NewBatch, Any]]:
        group: list[tuple[NewBatch, Any]] = []
        if busy and self._bytes < _GATHER_BYTES:
            self._pause(_GATHER_SECONDS)
        with self._changed:
            while not self._waiting:
                if self._stopping:
                    return []
                self._changed.wait()
            size = 0
            while self._waiting and (not group or size + self._waiting[0][0].size <= GROUP_BYTES):
                batch, ticket = self._waiting.popleft()
                size += batch.size
                self._bytes -= batch.size
                group.append((batch, ticket))
        return group

    def _write_group(self, group: list[tuple[NewBatch, Any]]) -> None:
        live = [(batch, ticket) for batch, ticket in group if not batch.abandoned]
        if not live:
            return
        try:
            self._write([batch for batch, _ticket in live])
            results: list[Result] = [(batch, ticket, None) for batch, ticket in live]
        except Unavailable as error:
            results = [(batch, ticket, error) for batch, ticket in live]
        except Exception as error:  # bad data of one post must not fail the others
            log.warning("inbox_group_failed", posts=len(live), error=type(error).__name__, text=str(error)[:300])
            results = [self._write_alone(batch, ticket) for batch, ticket in live]
        failpoint("ingress.before_nudge")
        if any(error is None for _batch, _ticket, error in results):
            self._queue.send(SettleUsage())
        failpoint("ingress.after_commit")
        self._deliver(results)

    def _write_alone(self, batch: NewBatch, ticket: Any) -> Result:
        try:
            self._write([batch])
        except Exception as error:  # told to the one who posted it
            return batch, ticket, error
        return batch, ticket, None

    def _write(self, batches: list[NewBatch]) -> None:
        """Write rows in one transaction; raises Unavailable when the database stays away."""
        for attempt in range(1, _TRIES + 1):
            try:
                with (
                    metrics.INBOX_COMMIT_SECONDS.time(),
                    UnitOfWork(self._database, self._queue, self._clock) as uow,
                ):
                    INBOX.run(uow.session.connection(), [batch.row() for batch in batches])
                metrics.INBOX_GROUP_POSTS.observe(len(batches))
                return
            except OutcomeUnknown as error:
                if self._is_there(batches[0]):
                    return
                last: Exception = error
            except Exception as error:
                if not is_transient(error):
                    raise
                last = error
            log.warning("inbox_write_failed", attempt=attempt, text=str(last)[:200])
            if is_silent(last):
                break
        raise Unavailable("The database is away. Nothing was stored; post again in a few seconds.") from last

    def _is_there(self, batch: NewBatch) -> bool:
        """Look whether a COMMIT whose answer was lost took place; all rows of it or none are there."""
        try:
            with UnitOfWork(self._database, self._queue, self._clock, write=False) as uow:
                text = "SELECT public_id FROM inbox_batches WHERE public_id IN ({})"
                return bool(select_in(uow.session.connection(), text, [batch.public_id]))
        except Exception as error:
            raise Unavailable("The database is away. Post again: what was stored is not charged twice.") from error
