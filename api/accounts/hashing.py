"""Where passwords are hashed: a few threads of low priority, and a bounded number of people who wait for them."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from api.places import TooBusy

T = TypeVar("T")

AT_ONCE = 2
WAITING = 32
_NICE = 10


class HashingRoom:
    """Runs hashes off the event loop, so that a flood of sign-ins holds up nobody else; the surplus is turned away."""

    def __init__(self, *, at_once: int = AT_ONCE, waiting: int = WAITING, patience_seconds: float = 5.0) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="hashing", initializer=_step_back)
        self._most = waiting
        self._patience_seconds = patience_seconds
        self._inside = 0

    @property
    def is_full(self) -> bool:
        """Tell whether the next one would be turned away."""
        return self._inside >= self._most

    async def run(self, work: Callable[[], T]) -> T:
        """Run a hash when it is its turn; raises TooBusy if too many wait, or its turn does not come soon."""
        if self.is_full:
            raise TooBusy
        self._inside += 1
        try:
            future = self._threads.submit(work)
            waiting = asyncio.wrap_future(future)
            done, _ = await asyncio.wait({waiting}, timeout=self._patience_seconds)
            # What has begun is waited for: cancelling succeeds only before.
            if not done and future.cancel():
                raise TooBusy
            return await waiting
        finally:
            self._inside -= 1

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _step_back() -> None:
    """Lower this thread's priority, where the system has one for each thread: accepting usage goes first."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
