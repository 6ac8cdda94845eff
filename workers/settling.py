"""Settle what waits, and measure it."""

import time
from collections.abc import Callable

from ccmanage.bootstrap import Runtime
from ccmanage.core import metrics
from ccmanage.core.clock import SECOND


def settle(runtime: Runtime, *, should_stop: Callable[[], bool]) -> bool:
    """Settle until nothing waits or one is told to stop; tells whether something may still wait.

    Returns at once while another thread or process settles: that one looks again when it is done.
    """
    while not should_stop():
        started = time.monotonic()
        result = runtime.settler.settle_once()
        if not result.batches:
            return False
        metrics.SETTLEMENT_SECONDS.observe(time.monotonic() - started)
        metrics.EVENTS_SETTLED.inc(result.events)
        metrics.EVENT_LAG_SECONDS.observe(max(0, runtime.clock.now_ms() - result.oldest_ms) / SECOND)
    return True
