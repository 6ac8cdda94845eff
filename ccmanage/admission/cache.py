"""What a process remembers of keys: fresh for a moment, and for an hour in case the database is away.

One deadline, counted from the start of the database read: 1.5 seconds later nothing of it is believed any more, so
that a revocation, a suspension or another package is seen everywhere within two. The process's cache is the only
one; a second one in Redis would need clocks that agree.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from ccmanage.admission.rules import Ask, Code, Snapshot, Verdict, gate, spent
from ccmanage.core.clock import HOUR, Clock
from ccmanage.core.logging import get_logger

log = get_logger(__name__)

MAX_AGE_MS = 1_500
# From this age on, who is asked for is read again in the background: nobody waits for keys that are in use.
AHEAD_MS = 900
REMEMBER_MS = HOUR
PATIENCE_SECONDS = 2.0
_READERS = 2
_KEYS_A_READ = 200
_MAX_KEYS = 20_000
_MAX_GATES = 64
_AWAY_SECONDS = 1.0

Read = Callable[[Sequence[bytes], int], Mapping[bytes, Snapshot]]


class DatabaseAway(Exception):
    """The database did not answer in time."""


class Entry:
    """A snapshot with what was derived of it. Without one: there is no such key."""

    __slots__ = ("_gates", "bodies", "read_at", "settled", "snapshot", "until")

    def __init__(self, snapshot: Snapshot | None, read_at: int) -> None:
        self.snapshot = snapshot
        self.read_at = read_at
        self.until = read_at + MAX_AGE_MS
        self.settled = spent(snapshot, Ask()) if snapshot else Verdict(Code.NOT_FOUND)
        # Ready answers, by what they depend on; the entry is too short-lived for many.
        self.bodies: dict[object, bytes] = {}
        self._gates: dict[tuple[str, str], Code] = {}
        if snapshot is not None and snapshot.holds_until:
            self.until = min(self.until, snapshot.holds_until)

    def is_fresh(self, now: int) -> bool:
        """Tell whether it can be believed; a clock that was set back makes it old."""
        return self.read_at <= now < self.until

    def gate(self, ask: Ask, now: int) -> Code:
        """Return what stands in the way whatever was used."""
        found = self.snapshot
        if found is not None and found.expires_at and now >= found.expires_at:
            return gate(found, ask, now)
        key = (ask.model, ask.ip)
        code = self._gates.get(key)
        if code is None:
            if len(self._gates) >= _MAX_GATES:
                self._gates.clear()
            code = self._gates[key] = gate(found, ask, now)
        return code


class SnapshotCache:
    """Entries by digest. One read at a time for each key; those that wait are read together."""

    def __init__(self, read: Read, clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._entries: dict[bytes, Entry] = {}
        self._asked: dict[bytes, asyncio.Future[Entry]] = {}
        self._waiting: list[bytes] = []
        self._readers: set[asyncio.Task[None]] = set()
        self._away_until = 0.0
        self._threads = ThreadPoolExecutor(_READERS, thread_name_prefix="snapshots")

    def fresh(self, digest: bytes, now: int) -> Entry | None:
        """Return what can be believed, if there is any."""
        entry = self._entries.get(digest)
        if entry is None or not entry.is_fresh(now):
            return None
        if now - entry.read_at >= AHEAD_MS and digest not in self._asked:
            self._ask(digest)
        return entry

    def remembered(self, digest: bytes, now: int) -> Snapshot | None:
        """Return what was known of a key within the last hour."""
        entry = self._entries.get(digest)
        return entry.snapshot if entry is not None and 0 <= now - entry.read_at < REMEMBER_MS else None

    def drop(self, digest: bytes) -> None:
        """Forget a key, because this process has changed it."""
        self._entries.pop(digest, None)

    async def get(self, digest: bytes) -> Entry:
        """Return what can be believed, reading it if need be; raises DatabaseAway."""
        loop = asyncio.get_running_loop()
        asked = self._asked.get(digest) or self._ask(digest)
        if asked is None:
            raise DatabaseAway
        try:
            # Shielded: whoever asked first may go away while others wait for the same answer.
            return await asyncio.wait_for(asyncio.shield(asked), PATIENCE_SECONDS)
        except TimeoutError:
            self._away_until = loop.time() + _AWAY_SECONDS
            raise DatabaseAway from None

    def _ask(self, digest: bytes) -> asyncio.Future[Entry] | None:
        """Have a key read; None while the database is away."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._away_until:
            return None
        asked = self._asked[digest] = loop.create_future()
        self._waiting.append(digest)
        if len(self._readers) < _READERS:
            reader = loop.create_task(self._serve())
            self._readers.add(reader)
            reader.add_done_callback(self._readers.discard)
        return asked

    def close(self) -> None:
        """Stop reading."""
        for reader in self._readers:
            reader.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            digests, self._waiting = self._waiting[:_KEYS_A_READ], self._waiting[_KEYS_A_READ:]
            now = self._clock.now_ms()
            try:
                found = await loop.run_in_executor(self._threads, self._read, digests, now)
            except Exception as error:  # whatever it is: those who wait must be told
                log.warning("snapshots_unread", keys=len(digests), error=type(error).__name__, text=str(error)[:200])
                self._away_until = loop.time() + _AWAY_SECONDS
                self._refuse(digests)
            else:
                self._away_until = 0.0
                self._hand_out(digests, found, now)

    def _hand_out(self, digests: Sequence[bytes], found: Mapping[bytes, Snapshot], now: int) -> None:
        for digest in digests:
            entry = Entry(found.get(digest), now)
            # Put last: the first ones are those that were not asked for in the longest time.
            self._entries.pop(digest, None)
            self._entries[digest] = entry
            asked = self._asked.pop(digest, None)
            if asked is not None and not asked.done():
                asked.set_result(entry)
        while len(self._entries) > _MAX_KEYS:
            del self._entries[next(iter(self._entries))]

    def _refuse(self, digests: Sequence[bytes]) -> None:
        for digest in digests:
            asked = self._asked.pop(digest, None)
            if asked is not None and not asked.done():
                asked.set_exception(DatabaseAway())
                asked.exception()  # nobody may be left to hear of it
