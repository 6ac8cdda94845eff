"""A TCP proxy that misbehaves on order: stands between a client and a server of ours.

with FaultProxy(server.port) as proxy:
    url = proxy.url(server.url)
    proxy.drop_reply(when=lambda sent: b"COMMIT" in sent)   # the server commits, the client never hears of it
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Self
from urllib.parse import urlsplit

from support.server_process import free_port

CHUNK_BYTES = 65_536


class Mode(Enum):
    """What the proxy does with connections."""

    PASS = "pass"
    REFUSE = "refuse"
    BLACKHOLE = "blackhole"
    DROP_REPLY = "drop_reply"


@dataclass(eq=False)
class _Link:
    """One client's connection and its counterpart at the server."""

    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    doomed: bool = False

    def cut(self) -> None:
        for writer in self.writers:
            writer.transport.abort()


class FaultProxy:
    """Forwards 127.0.0.1:port to a server; its modes change what happens from now on, also on open connections."""

    def __init__(self, target_port: int, target_host: str = "127.0.0.1", port: int | None = None) -> None:
        self.target = (target_host, target_port)
        self.port = port or free_port()
        self.dropped = 0
        self._mode = Mode.PASS
        self._latency_seconds = 0.0
        self._when: Callable[[bytes], bool] = lambda _: True
        self._drops_left = 0
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._open_valve = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)

    # Orders; each has taken effect when it returns.

    def start(self) -> Self:
        """Listen and forward."""
        self._thread.start()
        self._call(self._set(Mode.PASS))
        return self

    def stop(self) -> None:
        """Cut every connection and end."""
        self._call(self._set(Mode.REFUSE))
        self._call(self._finish())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        self._loop.close()

    def forward(self) -> None:
        """Heal: forward everything at once again, also what a blackhole held back."""
        self._latency_seconds = 0.0
        self._call(self._set(Mode.PASS))

    def refuse(self) -> None:
        """Cut every connection and refuse new ones, as a host whose server is gone."""
        self._call(self._set(Mode.REFUSE))

    def blackhole(self) -> None:
        """Accept everything and forward nothing, as a server that hangs or a lost network."""
        self._call(self._set(Mode.BLACKHOLE))

    def drop_reply(self, when: Callable[[bytes], bool] | None = None, times: int = 1) -> None:
        """Forward requests, then cut instead of replying, on chunks that fulfil `when`; after `times` pass again."""
        self._when = when or (lambda _: True)
        self._drops_left = times
        self._call(self._set(Mode.DROP_REPLY))

    def latency(self, seconds: float) -> None:
        """Delay each chunk of both directions from now on."""
        self._latency_seconds = seconds

    def cut(self) -> None:
        """Cut the open connections once; new ones pass."""
        self._call(self._cut())

    @property
    def connections(self) -> int:
        """How many clients are connected now."""
        return len(self._links)

    def url(self, url: str) -> str:
        """Return the URL of the server as reached through this proxy."""
        parts = urlsplit(url)
        account, at, _ = parts.netloc.rpartition("@")
        return parts._replace(netloc=f"{account}{at}127.0.0.1:{self.port}").geturl()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    # Inside the loop's thread.

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _set(self, mode: Mode) -> None:
        self._mode = mode
        if mode is Mode.BLACKHOLE:
            self._open_valve.clear()
        else:
            self._open_valve.set()
        if mode is Mode.REFUSE:
            if self._server is not None:
                self._server.close()
                self._server = None
            await self._cut()
        elif self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, reuse_address=True)

    async def _cut(self) -> None:
        for link in list(self._links):
            link.cut()

    async def _finish(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link([writer])
        self._links.add(link)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._open_valve.wait()
            up_reader, up_writer = await asyncio.open_connection(*self.target)
            link.writers.append(up_writer)
            await asyncio.gather(
                self._pump(link, reader, up_writer, self._watch_request),
                self._pump(link, up_reader, writer, self._watch_reply),
            )
        except OSError:
            pass  # the server is away or one side was cut: the client's connection is cut too
        finally:
            link.cut()
            self._links.discard(link)
            self._tasks.discard(task)

    async def _pump(
        self,
        link: _Link,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        watch: Callable[[_Link, bytes], bool],
    ) -> None:
        while chunk := await reader.read(CHUNK_BYTES):
            if self._latency_seconds:
                await asyncio.sleep(self._latency_seconds)
            await self._open_valve.wait()
            if not watch(link, chunk):
                raise ConnectionAbortedError
            writer.write(chunk)
            await writer.drain()
        with contextlib.suppress(OSError):
            if writer.can_write_eof():
                writer.write_eof()

    def _watch_request(self, link: _Link, chunk: bytes) -> bool:
        if self._mode is Mode.DROP_REPLY and self._drops_left > 0 and self._when(chunk):
            self._drops_left -= 1
            link.doomed = True
        return True

    def _watch_reply(self, link: _Link, _chunk: bytes) -> bool:
        # Cutting when the reply arrives, not when the request leaves, makes sure that the server has done its part.
        if link.doomed:
            self.dropped += 1
            return False
        return True
