"""Verify: the answer for one call, from memory where it can be, counted where it must be.

Advisory: it may lag two seconds, and overshoots by what is under way. Only a hold is strict.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from ccmanage.admission.cache import DatabaseAway, Entry, SnapshotCache
from ccmanage.admission.counting import Call, Counters, CountersAway, MemoryCounters, call_of
from ccmanage.admission.rules import NO_COUNTS, Ask, Code, Counts, Snapshot, Verdict, decide, gate, spent
from ccmanage.core.clock import Clock
from ccmanage.core.ids import new_id
from ccmanage.core.logging import get_logger
from ccmanage.core.security import API_KEY_PREFIX, Digester, looks_like_secret

log = get_logger(__name__)

_CALLS_A_TIME = 500
_AWAY_SECONDS = 1.0
UNKNOWN = Entry(None, 0)


@dataclass(slots=True)
class Answer:
    """What a gateway is told. `entry` holds the snapshot that it was decided on."""

    verdict: Verdict
    entry: Entry
    counts: Counts = NO_COUNTS
    degraded: bool = False
    lease: bytes = b""
    lease_until: int = 0


class Counting:
    """Counts where all processes do, and in this process while that is away."""

    def __init__(self, shared: Counters | None, local: MemoryCounters) -> None:
        self._shared = shared
        self._local = local
        self._waiting: list[tuple[Call, asyncio.Future[tuple[Counts, bool]]]] = []
        self._pump: asyncio.Task[None] | None = None
        self._away_until = 0.0

    async def take(self, call: Call) -> tuple[Counts, bool]:
        """Count a call; tells whether it could only be counted here. Calls that wait are counted together."""
        if self._shared is None:
            return self._local.take_one(call), False
        loop = asyncio.get_running_loop()
        if loop.time() < self._away_until:
            return self._local.take_one(call), True
        done: asyncio.Future[tuple[Counts, bool]] = loop.create_future()
        self._waiting.append((call, done))
        if self._pump is None or self._pump.done():
            self._pump = loop.create_task(self._run(self._shared))
        return await done

    async def release(self, leases: list[bytes]) -> int:
        """End calls under way; returns how many there were."""
        ended = self._local.release_now(leases)
        if self._shared is not None:
            try:
                ended += await self._shared.release(leases)
            except CountersAway as error:
                log.warning("leases_kept", count=len(leases), text=str(error)[:200])
        return ended

    async def _run(self, shared: Counters) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_CALLS_A_TIME], self._waiting[_CALLS_A_TIME:]
            calls = [call for call, _done in batch]
            try:
                found, degraded = await shared.take(calls), False
            except Exception as error:  # a fault in what counts must not stop what is counted
                log.warning("counters_away", calls=len(calls), error=type(error).__name__, text=str(error)[:200])
                self._away_until = asyncio.get_running_loop().time() + _AWAY_SECONDS
                found, degraded = [self._local.take_one(call) for call in calls], True
            for (_call, done), counts in zip(batch, found, strict=True):
                if not done.done():
                    done.set_result((counts, degraded))


class Verifier:
    """Answers gateways. Lives in the event loop of its process."""

    def __init__(
        self,
        cache: SnapshotCache,
        counting: Counting,
        clock: Clock,
        digester: Digester,
        first_use: Callable[[Snapshot, int], None],
    ) -> None:
        self._cache = cache
        self._counting = counting
        self._clock = clock
        self._digester = digester
        self._first_use = first_use

    async def verify(self, secret: str, ask: Ask, lease_ms: int) -> Answer:
        """Tell whether a key may make a call, and count it if so. Never raises for what is wrong with the key."""
        if not looks_like_secret(secret, API_KEY_PREFIX):
            return Answer(UNKNOWN.settled, UNKNOWN)
        digest = self._digester.digest(secret)
        entry = self._cache.fresh(digest, self._clock.now_ms())
        if entry is None:
            try:
                entry = await self._cache.get(digest)
            except DatabaseAway:
                return await self._without_database(digest, ask, lease_ms)
        answer = await self._decide(entry, ask, lease_ms)
        if entry.snapshot is not None and entry.snapshot.life_ms and answer.verdict.code is Code.VALID:
            await self._note_first_use(entry.snapshot)
            self._cache.drop(digest)
        return answer

    async def look(self, found: Snapshot) -> Counts:
        """Return what is counted of a key, counting nothing."""
        counts, _degraded = await self._counting.take(call_of(found, self._clock.now_ms(), take=False))
        return counts

    async def release(self, leases: list[bytes]) -> int:
        """End calls under way."""
        return await self._counting.release(leases)

    def close(self) -> None:
        """Stop."""
        self._cache.close()

    async def _decide(self, entry: Entry, ask: Ask, lease_ms: int) -> Answer:
        now = self._clock.now_ms()
        code, found = entry.gate(ask, now), entry.snapshot
        if code is not Code.VALID or found is None:
            return Answer(Verdict(code), entry)
        settled = entry.settled if ask.estimated_nano is None else spent(found, ask)
        if not found.requests and not found.concurrency:
            return Answer(settled, entry)
        return await self._count(entry, found, settled, now, lease_ms)

    async def _count(self, entry: Entry, found: Snapshot, settled: Verdict, now: int, lease_ms: int) -> Answer:
        takes = settled.code is Code.VALID
        lease = new_id() if takes and found.concurrency else b""
        call = call_of(found, now, take=takes, lease=lease, lease_until=now + lease_ms)
        counts, degraded = await self._counting.take(call)
        verdict = decide(settled, counts)
        if verdict.code is not Code.VALID or not lease:
            return Answer(verdict, entry, counts, degraded)
        return Answer(verdict, entry, counts, degraded, lease, call.lease_until)

    async def _without_database(self, digest: bytes, ask: Ask, lease_ms: int) -> Answer:
        """Answer from what was known of the key within the last hour, as its package says; unknown keys are refused."""
        now = self._clock.now_ms()
        found = self._cache.remembered(digest, now)
        if found is None:
            return Answer(Verdict(Code.UNAVAILABLE), UNKNOWN, degraded=True)
        # Windows that are over since say nothing any more.
        found = replace(
            found,
            requests=tuple(meter for meter in found.requests if meter.resets_at > now),
            meters=tuple(meter for meter in found.meters if meter.resets_at > now),
        )
        entry, code = Entry(found, now), gate(found, ask, now)
        if code is not Code.VALID:
            return Answer(Verdict(code), entry, degraded=True)
        if not found.fail_open:
            return Answer(Verdict(Code.UNAVAILABLE), entry, degraded=True)
        answer = await self._count(entry, found, spent(found, ask), now, lease_ms)
        answer.degraded = True
        return answer

    async def _note_first_use(self, found: Snapshot) -> None:
        now = self._clock.now_ms()
        try:
            await asyncio.get_running_loop().run_in_executor(None, self._first_use, found, now)
        except Exception as error:  # the next call notes it
            log.warning("first_use_not_noted", error=type(error).__name__, text=str(error)[:200])
