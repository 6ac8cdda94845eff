"""Posts that wait for their settlement: one query a moment for all of them, none while nobody waits."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy.exc import SQLAlchemyError

from ccmanage.bootstrap import Runtime
from ccmanage.usage.service import BatchView

MAX_WAITERS = 256
_LOOK_SECONDS = 0.02


class Waiters:
    """Tells waiting posts when their batch is settled."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._waiting: dict[bytes, asyncio.Event] = {}
        self._looking: asyncio.Task[None] | None = None
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="batch-waiters")

    async def settled(self, public_id: bytes, gateway_id: int, seconds: float) -> BatchView | None:
        """Return the batch once it is settled; None after so many seconds, or when too many wait already."""
        if len(self._waiting) >= MAX_WAITERS:
            return None
        done = asyncio.Event()
        self._waiting[public_id] = done
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            await asyncio.wait_for(done.wait(), seconds)
        except TimeoutError:
            return None
        finally:
            self._waiting.pop(public_id, None)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, public_id, gateway_id)

    def close(self) -> None:
        """Stop looking."""
        if self._looking is not None:
            self._looking.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            settled = await loop.run_in_executor(self._threads, self._settled_among, list(self._waiting))
            for public_id in settled:
                if event := self._waiting.get(public_id):
                    event.set()
            await asyncio.sleep(_LOOK_SECONDS)

    def _settled_among(self, public_ids: list[bytes]) -> set[bytes]:
        try:
            with self._runtime.read() as scope:
                return scope.usage.settled_among(public_ids)
        except SQLAlchemyError:
            return set()

    def _read(self, public_id: bytes, gateway_id: int) -> BatchView | None:
        try:
            with self._runtime.read() as scope:
                return scope.usage.batch(public_id, gateway_id=gateway_id)
        except SQLAlchemyError:
            return None
