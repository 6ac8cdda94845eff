"""Counters of requests, and leases for calls under way. They gate, they never account: losing them costs strictness.

Two kinds keep to one protocol and one suite of tests: these in memory, for one process, and those in Redis.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from ccmanage.admission.rules import CONCURRENCY, NO_COUNTS, Counts, Snapshot

MAX_LEASE_MS = 3_600_000
_SWEEP_EVERY = 10_000


class CountersAway(Exception):
    """What counts did not answer in time."""


class Frame(NamedTuple):
    """A window in which requests are counted."""

    name: str
    limit: int
    starts_at: int
    resets_at: int


class Call(NamedTuple):
    """One call to be let in: counted only if nothing stands in its way and `take` is true.

    A lease has 16 bytes; without one the key's calls under way are not limited.
    """

    key_id: int
    now: int
    take: bool
    frames: tuple[Frame, ...] = ()
    concurrency: int = 0
    lease: bytes = b""
    lease_until: int = 0


def call_of(found: Snapshot, now: int, *, take: bool, lease: bytes = b"", lease_until: int = 0) -> Call:
    """Return what has to be counted of a key."""
    frames = tuple(Frame(meter.name, meter.limit, meter.starts_at, meter.resets_at) for meter in found.requests)
    return Call(found.key_id, now, take, frames, found.concurrency, lease, lease_until)


class Counters(Protocol):
    """Where requests are counted."""

    async def take(self, calls: Sequence[Call]) -> list[Counts]:
        """Count calls, each whole or not at all, in their order; tells what was counted and what stood in the way.

        Raises CountersAway.
        """
        ...

    async def release(self, leases: Sequence[bytes]) -> int:
        """End calls under way; returns how many there were. Unknown leases and those that ran out do not matter."""
        ...


@dataclass(slots=True)
class _Key:
    frames: dict[str, list[int]] = field(default_factory=dict)  # name: [starts_at, count]
    leases: dict[bytes, int] = field(default_factory=dict)  # lease: until


class MemoryCounters:
    """Counters of one process. Safe to call from any thread."""

    def __init__(self) -> None:
        self._keys: dict[int, _Key] = {}
        self._owners: dict[bytes, int] = {}
        self._guard = threading.Lock()
        self._taken = 0

    async def take(self, calls: Sequence[Call]) -> list[Counts]:
        """Count calls."""
        return [self.take_one(call) for call in calls]

    async def release(self, leases: Sequence[bytes]) -> int:
        """End calls under way."""
        return self.release_now(leases)

    def take_one(self, call: Call) -> Counts:
        """Count a call, at once."""
        if not call.frames and not call.concurrency:
            return NO_COUNTS
        with self._guard:
            self._sweep(call.now)
            key = self._keys.setdefault(call.key_id, _Key())
            counts = self._count(key, call)
            if not call.take or counts.blocked_by:
                return counts
            for frame in call.frames:
                key.frames[frame.name][1] += 1
            if call.concurrency and call.lease:
                key.leases[call.lease] = call.lease_until
                self._owners[call.lease] = call.key_id
            return Counts(
                [count + 1 for count in counts.requests], counts.leases + bool(call.concurrency and call.lease)
            )

    def release_now(self, leases: Sequence[bytes]) -> int:
        """End calls under way, at once."""
        with self._guard:
            return sum(self._release(lease) for lease in leases)

    def _count(self, key: _Key, call: Call) -> Counts:
        blocked_by, requests = "", []
        for frame in call.frames:
            kept = key.frames.get(frame.name)
            if kept is None or kept[0] != frame.starts_at:
                kept = key.frames[frame.name] = [frame.starts_at, 0]
            requests.append(kept[1])
            if kept[1] >= frame.limit and not blocked_by:
                blocked_by = frame.name
        for lease in [lease for lease, until in key.leases.items() if until <= call.now]:
            self._release(lease)
        if call.concurrency and len(key.leases) >= call.concurrency and not blocked_by:
            blocked_by = CONCURRENCY
        return Counts(requests, len(key.leases), blocked_by)

    def _release(self, lease: bytes) -> bool:
        owner = self._owners.pop(lease, None)
        return owner is not None and self._keys[owner].leases.pop(lease, None) is not None

    def _sweep(self, now: int) -> None:
        """Forget, now and then, keys of which nothing is under way."""
        self._taken += 1
        if self._taken % _SWEEP_EVERY:
            return
        oldest = now - 32 * 86_400_000
        for number, key in list(self._keys.items()):
            for lease in [lease for lease, until in key.leases.items() if until <= now]:
                self._release(lease)
            if not key.leases and all(start < oldest for start, _count in key.frames.values()):
                del self._keys[number]
