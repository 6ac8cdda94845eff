"""One thread that looks for work by itself, once a second, whatever the broker does."""

import random
import threading
from collections.abc import Callable

from ccmanage.core.logging import get_logger

log = get_logger(__name__)

_LONGEST_PAUSE_SECONDS = 5.0


class Poller:
    """Calls a function again and again; after failures it waits longer, up to five seconds."""

    def __init__(self, work: Callable[[], object], *, every_seconds: float = 1.0) -> None:
        self._work = work
        self._every_seconds = every_seconds
        self._bell = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="poller", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Look now instead of at the next second."""
        self._bell.set()

    def stop(self, timeout_seconds: float) -> bool:
        """Let the running call finish; tell whether it did in time."""
        self._stopping = True
        self._bell.set()
        self._thread.join(timeout_seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        failures = 0
        while not self._stopping:
            try:
                self._work()
                failures = 0
            except Exception as error:
                failures += 1
                log.warning("poll_failed", failures=failures, error=type(error).__name__, text=str(error)[:200])
            self._bell.wait(self._pause(failures))
            self._bell.clear()

    def _pause(self, failures: int) -> float:
        if not failures:
            return self._every_seconds
        longest = min(_LONGEST_PAUSE_SECONDS, self._every_seconds * (1 << min(failures, 4)))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret
