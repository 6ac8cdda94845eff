"""Slows down those who guess passwords: by account and by network address, longer with each failure."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from ccmanage.core.clock import HOUR, SECOND, Clock

_MAX_ENTRIES = 20_000


@dataclass(frozen=True, slots=True)
class Pace:
    """How many failures are free, and how long the wait may grow."""

    free: int
    longest_ms: int


ACCOUNT = Pace(free=5, longest_ms=60 * SECOND)
ADDRESS = Pace(free=20, longest_ms=900 * SECOND)


@dataclass(slots=True)
class _Failures:
    count: int
    last_at: int


class SignInThrottle:
    """Counts failures in this process. The wait for one account is capped low: nobody shall lock others out.

    Failures are forgotten an hour after the last one, and when somebody signs in.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def wait_ms(self, account: str, address: str) -> int:
        """Return how long to wait before the next attempt; 0 when it may be made now."""
        with self._guard:
            return max(
                self._wait(f"account:{account}", ACCOUNT),
                self._wait(f"address:{address}", ADDRESS),
            )

    def failed(self, account: str, address: str) -> None:
        """Count a failure against both."""
        now = self._clock.now_ms()
        with self._guard:
            for name in (f"account:{account}", f"address:{address}"):
                known = self._failures.pop(name, None)
                count = known.count if known and now - known.last_at < HOUR else 0
                self._failures[name] = _Failures(count + 1, now)
            while len(self._failures) > _MAX_ENTRIES:
                self._failures.popitem(last=False)

    def succeeded(self, account: str) -> None:
        """Forget the account's failures; the address keeps its own, or one known account would free it."""
        with self._guard:
            self._failures.pop(f"account:{account}", None)

    def _wait(self, name: str, pace: Pace) -> int:
        known = self._failures.get(name)
        if known is None or known.count < pace.free:
            return 0
        pause = min(pace.longest_ms, SECOND << min(known.count - pace.free, 20))
        return max(0, known.last_at + pause - self._clock.now_ms())
