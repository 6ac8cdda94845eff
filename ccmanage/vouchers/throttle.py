"""Slows down those who guess codes: by person, longer with each code that does not exist."""

from typing import Final

from ccmanage.core.clock import HOUR, MINUTE, SECOND, Clock
from ccmanage.core.counters import FailureStore
from ccmanage.vouchers.errors import TooManyTries

FREE: Final = 5
LONGEST_MS: Final = 15 * MINUTE


class RedemptionThrottle:
    """Counts a try before it is decided, and takes it back if it was right: so many at once are counted, too."""

    def __init__(self, clock: Clock, store: FailureStore) -> None:
        self._clock = clock
        self._store = store

    def begin(self, user_id: int) -> None:
        """Count a try; raises TooManyTries."""
        name, now = f"voucher:{user_id}", self._clock.now_ms()
        [known] = self._store.read([name])
        if known.count >= FREE and now - known.last_at < HOUR:
            pause = min(LONGEST_MS, 5 * SECOND << min(known.count - FREE, 10))
            wait = known.last_at + pause - now
            if wait > 0:
                raise TooManyTries(-(-wait // SECOND))
        self._store.add([name], now)

    def decided(self, user_id: int, *, exists: bool) -> None:
        """Take a try back: the code exists, or it was never looked for."""
        if exists:
            self._store.take_back([f"voucher:{user_id}"])
