"""Ports of what is counted across processes: failed attempts, and calls in a window of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ccmanage.core.clock import SECOND, Clock

_MAX_NAMES = 50_000


@dataclass(frozen=True, slots=True)
class Failures:
    """How often something failed, and when last."""

    count: int
    last_at: int


NO_FAILURES = Failures(0, 0)


class FailureStore(Protocol):
    """Remembers failures by name for an hour after the last one. Names hold nothing that could be read."""

    @property
    def is_away(self) -> bool:
        """Tell whether counts are this process's own at the moment, and not everybody's."""
        ...

    def read(self, names: Sequence[str]) -> list[Failures]:
        """Return what is known of each name, in their order."""
        ...

    def add(self, names: Sequence[str], now: int) -> None:
        """Count one failure against each name."""
        ...

    def take_back(self, names: Sequence[str]) -> None:
        """Count one failure less against each name."""
        ...

    def forget(self, names: Sequence[str]) -> None:
        """Forget all failures of each name."""
        ...


class CallCounter(Protocol):
    """Counts calls in windows of time."""

    async def hit(self, name: str, window_seconds: int) -> int:
        """Count a call and return how many there are in the window so far. Never raises."""
        ...


class LocalCalls:
    """Counts the calls of one process. Takes about a microsecond, waits for nothing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._window = -1
        self._counts: dict[str, int] = {}

    def count(self, name: str, window_seconds: int) -> int:
        """Count a call and return how many there are in the window so far."""
        window = self._clock.now_ms() // (window_seconds * SECOND)
        if window != self._window or len(self._counts) > _MAX_NAMES:
            self._window = window
            self._counts = {}
        count = self._counts.get(name, 0) + 1
        self._counts[name] = count
        return count

    async def hit(self, name: str, window_seconds: int) -> int:
        """Count a call and return how many there are in the window so far."""
        return self.count(name, window_seconds)
