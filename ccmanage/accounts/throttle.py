"""Slows down those who guess passwords: by account and by network address, longer with each failure.

Nobody shall lock others out. So: the wait for an account is capped at a minute; a browser that has signed in before
(it holds a signed cookie) and a session that is signed in have a count of their own, which strangers cannot touch; and
a person who comes by the link of "forgot password" makes their browser known by it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ccmanage.core.clock import HOUR, SECOND, Clock
from ccmanage.core.counters import Failures, FailureStore


@dataclass(frozen=True, slots=True)
class Pace:
    """How many failures are free, and how long the wait may grow."""

    free: int
    longest_ms: int


ACCOUNT = Pace(free=5, longest_ms=60 * SECOND)
ADDRESS = Pace(free=20, longest_ms=900 * SECOND)
KNOWN = Pace(free=10, longest_ms=60 * SECOND)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Who tries to be whom, and from where. `known` names a browser or session that was that person before."""

    account: str
    address: str
    known: str | None = None


def wait_of(failures: Failures, pace: Pace, now: int) -> int:
    """Return for how long nobody may try again after these failures."""
    if failures.count < pace.free or now - failures.last_at >= HOUR:
        return 0
    pause = min(pace.longest_ms, SECOND << min(failures.count - pace.free, 20))
    return max(0, failures.last_at + pause - now)


class SignInThrottle:
    """Counts attempts before they are made, and takes back those that were right: so many at once are counted too."""

    def __init__(self, clock: Clock, store: FailureStore, digest: Callable[[str], bytes]) -> None:
        self._clock = clock
        self._store = store
        self._digest = digest

    @property
    def is_certain(self) -> bool:
        """Tell whether the counts are those of all processes."""
        return not self._store.is_away

    def wait_ms(self, attempt: Attempt) -> int:
        """Return how long to wait before the next attempt; 0 when it may be made now."""
        buckets = self._buckets(attempt)
        known = self._store.read([name for name, _ in buckets])
        now = self._clock.now_ms()
        return max(wait_of(failures, pace, now) for failures, (_, pace) in zip(known, buckets, strict=True))

    def begin(self, attempt: Attempt) -> None:
        """Count an attempt as a failure of the person until it is known to be none."""
        self._store.add(self._names(attempt)[:1], self._clock.now_ms())

    def failed(self, attempt: Attempt) -> None:
        """Count it against the address as well: there only what was wrong, or an office would slow itself down."""
        if rest := self._names(attempt)[1:]:
            self._store.add(rest, self._clock.now_ms())

    def succeeded(self, attempt: Attempt) -> None:
        """Forget the person's failures; the address keeps its own, or one known account would free it."""
        self._store.forget(self._names(attempt)[:1])

    def undone(self, attempt: Attempt) -> None:
        """Take an attempt back that was never decided."""
        self._store.take_back(self._names(attempt)[:1])

    def _names(self, attempt: Attempt) -> list[str]:
        return [name for name, _ in self._buckets(attempt)]

    def _buckets(self, attempt: Attempt) -> list[tuple[str, Pace]]:
        if attempt.known is not None:
            return [(self._name("known", f"{attempt.known} {attempt.account}"), KNOWN)]
        return [(self._name("account", attempt.account), ACCOUNT), (self._name("address", attempt.address), ADDRESS)]

    def _name(self, kind: str, text: str) -> str:
        # Addresses are personal data: what is kept outside the database is a keyed digest.
        digest = self._digest(f"throttle/{kind} {text}").hex()
        return f"{kind}:{digest[:32]}"
