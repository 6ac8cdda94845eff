"""Calls a minute, counted in Redis (library `limits`) for all processes, or in this process alone.

The library's own memory storage walks all its keys at each call; one that is emptied when a window ends does not.
"""

from typing import Any

from limits.aio.storage import RedisStorage
from redis.exceptions import RedisError

from ccmanage.adapters.redis_client import TIMEOUT_SECONDS
from ccmanage.core.clock import SECOND, Clock
from ccmanage.core.counters import CallCounter, LocalCalls
from ccmanage.core.logging import get_logger

log = get_logger(__name__)

_PAUSE_MS = 2 * SECOND


class SharedCalls:
    """Counts the calls of all processes; while Redis is away, those of this one."""

    def __init__(self, url: str, clock: Clock) -> None:
        options: dict[str, Any] = {"socket_timeout": TIMEOUT_SECONDS, "socket_connect_timeout": TIMEOUT_SECONDS}
        self._storage = RedisStorage(
            f"async+{url}" if url.startswith("redis") else url.replace("unix://", "async+redis+unix://", 1),
            implementation="redispy",
            key_prefix="ccmanage:calls",
            **options,
        )
        self._clock = clock
        self._own = LocalCalls(clock)
        self._away_until = 0

    async def hit(self, name: str, window_seconds: int) -> int:
        """Count a call and return how many there are in the window so far."""
        now = self._clock.now_ms()
        own = self._own.count(name, window_seconds)
        if now < self._away_until:
            return own
        window = now // (window_seconds * SECOND)
        try:
            shared = await self._storage.incr(f"{name}:{window}", window_seconds)
        except (RedisError, OSError) as error:
            self._away_until = now + _PAUSE_MS
            log.warning("calls_not_shared", error=type(error).__name__)
            return own
        return max(own, shared)


def call_counter(url: str, clock: Clock) -> CallCounter:
    """Return what counts calls: in Redis if there is one, else in this process."""
    return SharedCalls(url, clock) if url else LocalCalls(clock)
