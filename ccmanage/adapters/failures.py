"""Failed attempts, counted in Redis for all processes, in memory where there is none or while it is away."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import redis

from ccmanage.core.clock import HOUR, SECOND, Clock
from ccmanage.core.counters import NO_FAILURES, Failures, FailureStore
from ccmanage.core.logging import get_logger

T = TypeVar("T")
log = get_logger(__name__)

_MAX_ENTRIES = 20_000
_PAUSE_MS = 2 * SECOND
_PREFIX = "ccmanage:failures:"


class MemoryFailures:
    """The failures of one process; the oldest make room."""

    is_away = False

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._known: OrderedDict[str, Failures] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def read(self, names: Sequence[str]) -> list[Failures]:
        """Return what is known of each name."""
        with self._guard:
            return [self._known.get(name, NO_FAILURES) for name in names]

    def add(self, names: Sequence[str], now: int) -> None:
        """Count one failure against each name."""
        with self._guard:
            for name in names:
                known = self._known.pop(name, NO_FAILURES)
                count = known.count if now - known.last_at < HOUR else 0
                self._known[name] = Failures(count + 1, now)
            while len(self._known) > _MAX_ENTRIES:
                self._known.popitem(last=False)

    def take_back(self, names: Sequence[str]) -> None:
        """Count one failure less against each name."""
        with self._guard:
            for name in names:
                known = self._known.get(name)
                if known is not None and known.count > 1:
                    self._known[name] = Failures(known.count - 1, known.last_at)
                elif known is not None:
                    del self._known[name]

    def forget(self, names: Sequence[str]) -> None:
        """Forget all failures of each name."""
        with self._guard:
            for name in names:
                self._known.pop(name, None)


class RedisFailures:
    """The failures of all processes: a hash of count and instant for each name, gone an hour after the last one."""

    is_away = False

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client

    def read(self, names: Sequence[str]) -> list[Failures]:
        """Return what is known of each name; raises RedisError."""
        with self._client.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.hmget(_PREFIX + name, "count", "last_at")
            return [Failures(int(count or 0), int(last_at or 0)) for count, last_at in pipe.execute()]

    def add(self, names: Sequence[str], now: int) -> None:
        """Count one failure against each name; raises RedisError."""
        with self._client.pipeline(transaction=True) as pipe:
            for name in names:
                pipe.hincrby(_PREFIX + name, "count", 1)
                pipe.hset(_PREFIX + name, "last_at", now)
                pipe.pexpire(_PREFIX + name, HOUR)
            pipe.execute()

    def take_back(self, names: Sequence[str]) -> None:
        """Count one failure less against each name; raises RedisError."""
        with self._client.pipeline(transaction=True) as pipe:
            for name in names:
                pipe.hincrby(_PREFIX + name, "count", -1)
                pipe.pexpire(_PREFIX + name, HOUR)
            pipe.execute()

    def forget(self, names: Sequence[str]) -> None:
        """Forget all failures of each name; raises RedisError."""
        self._client.delete(*(_PREFIX + name for name in names))


class SteadyFailures:
    """Counts in both: in Redis for all, in memory for the time when Redis is away.

    After a failure nobody waits for Redis for two seconds.
    """

    def __init__(self, shared: FailureStore, clock: Clock) -> None:
        self._shared = shared
        self._own = MemoryFailures()
        self._clock = clock
        self._away_until = 0

    @property
    def is_away(self) -> bool:
        """Tell whether Redis did not answer lately."""
        return self._clock.now_ms() < self._away_until

    def read(self, names: Sequence[str]) -> list[Failures]:
        """Return the larger of what all and what this process know."""
        own = self._own.read(names)
        shared = self._try(lambda: self._shared.read(names))
        pairs = zip(own, shared or own, strict=True)
        return [max(pair, key=lambda known: known.count) for pair in pairs]

    def add(self, names: Sequence[str], now: int) -> None:
        """Count one failure against each name."""
        self._own.add(names, now)
        self._try(lambda: self._shared.add(names, now))

    def take_back(self, names: Sequence[str]) -> None:
        """Count one failure less against each name."""
        self._own.take_back(names)
        self._try(lambda: self._shared.take_back(names))

    def forget(self, names: Sequence[str]) -> None:
        """Forget all failures of each name."""
        self._own.forget(names)
        self._try(lambda: self._shared.forget(names))

    def _try(self, work: Callable[[], T]) -> T | None:
        if self.is_away:
            return None
        try:
            return work()
        except (redis.RedisError, OSError) as error:
            self._away_until = self._clock.now_ms() + _PAUSE_MS
            log.warning("failures_not_shared", error=type(error).__name__)
            return None


def failure_store(client: Any, clock: Clock) -> FailureStore:
    """Return where failures are counted: in Redis if there is a client for it, else in this process."""
    return MemoryFailures() if client is None else SteadyFailures(RedisFailures(client), clock)
