"""Room for requests that use the database: as many at once as it has connections, the others wait outside.

Without this, requests that wait for a connection (or for SQLite's one writer) would fill all threads, and the
one that holds it would find no thread to go on with.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import ParamSpec, TypeVar

import anyio
from starlette.concurrency import run_in_threadpool

from ccmanage.core.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")


class TooBusy(Unavailable):
    """All places stayed taken for as long as one waits."""

    code = "server.busy"

    def __init__(self) -> None:
        super().__init__("The server is busy. Nothing was done; try again.")


class Places:
    """A bounded number of places, given in the order of asking."""

    def __init__(self, count: int, *, wait_seconds: float = 5.0) -> None:
        self._limiter = anyio.CapacityLimiter(count)
        self._wait_seconds = wait_seconds

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        """Take a place for a while; raises TooBusy."""
        holder = object()
        try:
            with anyio.fail_after(self._wait_seconds):
                await self._limiter.acquire_on_behalf_of(holder)
        except TimeoutError:
            raise TooBusy from None
        try:
            yield
        finally:
            self._limiter.release_on_behalf_of(holder)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run short database work in a thread, holding a place."""
        async with self.hold():
            return await run_in_threadpool(work, *args, **kwargs)
