"""What every long-running process does: stop on signals, wait for the database, compare clocks, tame memory."""

import ctypes
import gc
import signal
import threading
from collections.abc import Callable
from contextlib import suppress

from sqlalchemy import text

from ccmanage.core.clock import Clock
from ccmanage.core.db import Database, is_away
from ccmanage.core.logging import get_logger

log = get_logger(__name__)

MAX_SKEW_MS = 5_000
_RETRY_SECONDS = 2.0
# mallopt(3): M_ARENA_MAX, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD.
_MALLOC = ((-8, 2), (-3, 1 << 20), (-1, 2 << 20))


class ClocksApart(Exception):
    """This machine's clock and the database's differ too much; the text says by how much and what to do."""


def clock_skew_ms(database: Database, clock: Clock) -> int:
    """Return this process's time minus the database's. SQLite has no clock of its own."""
    if database.is_sqlite:
        return 0
    with database.engine.connect() as connection:
        before = clock.now_ms()
        micros: int = connection.execute(text("SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS UNSIGNED)")).scalar_one()
        after = clock.now_ms()
    return (before + after) // 2 - micros // 1000


def check_clock(database: Database, clock: Clock) -> None:
    """Raise ClocksApart where the clocks are more than five seconds apart."""
    skew = clock_skew_ms(database, clock)
    if abs(skew) > MAX_SKEW_MS:
        raise ClocksApart(
            f"clock: this machine's clock is {skew / 1000:+.1f} s off the database's, and 5 s are allowed; "
            "set both by NTP"
        )


def tame_memory() -> None:
    """Call once, when a process is built and before it begins to work."""
    _calm_the_collector()
    _give_freed_memory_back()


def _calm_the_collector() -> None:
    """Let the collector leave alone what the process was built of, and look at new objects less often.

    Reference counts free nearly everything here. Going through hundreds of thousands of objects that never die,
    after every few hundred that a settlement or a burst of posts makes, costs up to a quarter of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _give_freed_memory_back() -> None:
    """Have the C library return freed memory to the system; where it knows no mallopt, nothing is changed.

    glibc gives each thread a heap of its own and learns from a large block that was freed to keep such blocks for
    ever. Posts that gathered while the database paused left a process half as large again as before.
    """
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for option, value in _MALLOC:
            mallopt(option, value)


def stop_on_signals() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set."""
    stopping = threading.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda _number, _frame: stopping.set())
    return stopping


def when_database_answers(check: Callable[[], None], stopping: threading.Event) -> bool:
    """Run a check as soon as the database is there; False if the process shall stop before that."""
    while not stopping.is_set():
        try:
            check()
        except Exception as error:
            if not is_away(error):
                raise
            log.warning("database_away", error=str(error)[:200])
            stopping.wait(_RETRY_SECONDS)
        else:
            return True
    return False
