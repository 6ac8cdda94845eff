"""The queue over a Dramatiq broker: sending never raises and never waits for the network."""

import threading
import time

import dramatiq

from ccmanage.adapters.brokers import open_broker, queue_name
from ccmanage.core import metrics
from ccmanage.core.logging import get_logger
from ccmanage.core.tasks import Queue, Task

log = get_logger(__name__)

_CAPACITY = 1_000
# A burst of posts needs a few nudges, not one each.
_PAUSE_SECONDS = 0.05
_RETRY_SECONDS = 0.5
_LONGEST_RETRY_SECONDS = 5.0
_LOG_EVERY_SECONDS = 5.0


def open_queue(url: str) -> Queue:
    """Return the queue of an address; without one nothing is sent, and the workers' own poll finds the work."""
    return DramatiqQueue(open_broker(url)) if url else SilentQueue()


class SilentQueue:
    """Sends nothing: for processes that nobody listens to."""

    def send(self, task: Task) -> None:
        """Forget the message."""


class DramatiqQueue:
    """Takes messages into a small buffer, from which one thread publishes them.

    The same message waits there once. While the broker is away they stay; when the buffer is full, the newest
    are dropped: each is only a nudge to look for rows that the timetable finds as well.
    """

    def __init__(self, broker: dramatiq.Broker, *, capacity: int = _CAPACITY) -> None:
        self.broker = broker
        self._capacity = capacity
        self._waiting: dict[Task, None] = {}
        self._guard = threading.Lock()
        self._ring = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._next_log_at = 0.0

    def send(self, task: Task) -> None:
        """Have a message published soon."""
        with self._guard:
            if task in self._waiting:
                return
            if len(self._waiting) >= self._capacity:
                metrics.NUDGES_DROPPED.inc()
                return
            self._waiting[task] = None
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="nudges", daemon=True)
                self._thread.start()
        self._ring.set()

    def close(self, timeout_seconds: float = 1.0) -> None:
        """Publish what waits, if that is quickly done, and stop."""
        self._closing.set()
        self._ring.set()
        if self._thread is not None:
            self._thread.join(timeout_seconds)

    def _run(self) -> None:
        failures = 0
        while True:
            self._ring.wait()
            self._ring.clear()
            failures = 0 if self._publish_waiting() else failures + 1
            if self._closing.is_set():
                return
            if failures:
                self._closing.wait(min(_LONGEST_RETRY_SECONDS, _RETRY_SECONDS * 2 ** (failures - 1)))
                self._ring.set()
            else:
                self._closing.wait(_PAUSE_SECONDS)

    def _publish_waiting(self) -> bool:
        while True:
            with self._guard:
                task = next(iter(self._waiting), None)
                if task is None:
                    return True
                # Taken out first: what is sent from here on is a new message.
                del self._waiting[task]
            try:
                self._publish(task)
            except Exception as error:
                self._keep(task, error)
                return False
            metrics.NUDGES_SENT.labels(task.name).inc()

    def _publish(self, task: Task) -> None:
        queue = queue_name(task)
        self.broker.declare_queue(queue)
        self.broker.enqueue(
            dramatiq.Message(queue_name=queue, actor_name=task.name, args=(), kwargs=task.payload(), options={})
        )

    def _keep(self, task: Task, error: Exception) -> None:
        with self._guard:
            self._waiting = {task: None, **self._waiting}
        metrics.NUDGES_FAILED.inc()
        if time.monotonic() >= self._next_log_at:
            self._next_log_at = time.monotonic() + _LOG_EVERY_SECONDS
            log.warning("nudge_not_sent", task=task.name, waiting=len(self._waiting), error=str(error)[:200])
