"""The load generator: one process, one event loop, raw sockets kept open, bodies built beforehand.

Closed: each connection posts again as soon as it is answered. Paced: posts fall due at a fixed rate whatever the
server does, and latency counts from when a post was due; so a slow server cannot hide by slowing the load.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from array import array
from collections import Counter, deque
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import uvloop

from benchmarks.traffic import Traffic

_TICK_SECONDS = 0.002
_END_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Load:
    """What to send. Without a rate (events a second) the connections post as fast as they are answered."""

    address: str
    token: str
    keys: list[str]
    size: int
    connections: int
    seconds: float
    rate: float | None = None
    uniform: bool = False
    seed: int = 1
    # Where to, which status is success, and bodies in the place of events, sent one after the other.
    path: str = "/v1/events"
    expected: int = 202
    bodies: tuple[bytes, ...] = ()


@dataclass(slots=True)
class Sent:
    """What became of it. Latencies are in seconds and sorted; `behind` is the longest wait for a free connection."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    behind: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: array[float] = field(default_factory=lambda: array("d"))
    size: int = 1
    expected: int = 202

    @property
    def posts_a_second(self) -> float:
        """Posts that were accepted."""
        return self.statuses[self.expected] / self.seconds if self.seconds else 0.0

    @property
    def events_a_second(self) -> float:
        """Events in posts that were accepted."""
        return self.posts_a_second * self.size

    @property
    def refused(self) -> int:
        """Posts that were answered otherwise, or not at all (0)."""
        return sum(self.statuses.values()) - self.statuses[self.expected]

    def latency_ms(self, share: float) -> float:
        """Return the latency that this share of the posts stayed under."""
        if not self.latencies:
            return 0.0
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))] * 1000


class Generator:
    """The generator's process, steered from this one."""

    def __init__(self, load: Load) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_main, args=(load, other), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        self._pipe.recv()  # its bodies are built and its connections open
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.join()

    @property
    def pid(self) -> int:
        """The process that sends."""
        assert self._process.pid is not None
        return self._process.pid

    def go(self) -> None:
        """Begin to send."""
        self._pipe.send(None)

    def pace(self, rate: float) -> None:
        """Send at another rate from now on."""
        with suppress(BrokenPipeError):  # it may just have ended
            self._pipe.send(rate)

    @property
    def running(self) -> bool:
        """Whether it still sends."""
        return self._process.is_alive() and not self._pipe.poll()

    def result(self) -> Sent:
        """Wait until it is done and return what became of the posts."""
        found: Sent = self._pipe.recv()
        return found


def send(load: Load) -> Sent:
    """Run a load to its end."""
    with Generator(load) as generator:
        generator.go()
        return generator.result()


class _Run:
    """What the connections of a generator share."""

    def __init__(self, load: Load) -> None:
        parts = urlsplit(load.address)
        self.load = load
        events = Traffic(load.keys, load.size, uniform=load.uniform, seed=load.seed)
        self.bodies = cycle(load.bodies) if load.bodies else events.bodies()
        self.head = (
            f"POST {load.path} HTTP/1.1\r\nHost: {parts.hostname}:{parts.port}\r\n"
            f"Authorization: Bearer {load.token}\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        ).encode()
        self.idle: deque[_Connection] = deque()
        self.due: deque[float] = deque()
        self.sent = Sent(size=load.size, expected=load.expected)
        self.rate = load.rate
        self.over = False
        self.open = 0
        self.finished = asyncio.Event()

    def next_for(self, connection: _Connection) -> None:
        """Give a connection its next post, or let it wait for one."""
        now = time.perf_counter()
        if self.rate is None:
            if not self.over:
                connection.post(now)
                return
        elif self.due:
            due = self.due.popleft()
            self.sent.behind = max(self.sent.behind, now - due)
            connection.post(due)
            return
        self.idle.append(connection)
        if self.over and len(self.idle) == self.open:
            self.finished.set()

    async def run(self) -> None:
        """Send until the time is over and everything is answered."""
        began, spent = time.perf_counter(), time.process_time()
        waiting, self.idle = self.idle, deque()
        for connection in waiting:
            self.next_for(connection)
        fraction = 0.0
        last = began
        while (now := time.perf_counter()) - began < self.load.seconds:
            if self.rate is not None:
                fraction += (now - last) * self.rate / self.load.size
                while fraction >= 1:
                    fraction -= 1
                    self.due.append(now)
                while self.due and self.idle:
                    self.next_for(self.idle.popleft())
            last = now
            await asyncio.sleep(_TICK_SECONDS if self.rate is not None else 0.05)
        self.sent.seconds = time.perf_counter() - began
        self.over = True
        if len(self.idle) < self.open:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.finished.wait(), _END_SECONDS)
        if self.rate is None:
            self.sent.seconds = time.perf_counter() - began
        self.sent.cpu_seconds = time.process_time() - spent


class _Connection(asyncio.Protocol):
    def __init__(self, run: _Run) -> None:
        self._run = run
        self._transport: Any = None
        self._began = 0.0
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._run.open += 1
        self._run.idle.append(self)

    def post(self, began: float) -> None:
        self._began = began
        body = next(self._run.bodies)
        self._transport.write(self._run.head % len(body) + body)

    def data_received(self, data: bytes) -> None:
        data = self._buffer + data if self._buffer else data
        end = data.find(b"\r\n\r\n")
        if end < 0 or len(data) < end + 4 + _content_length(data[:end]):
            self._buffer = data
            return
        self._buffer = b""
        sent = self._run.sent
        sent.statuses[int(data[9:12])] += 1
        sent.latencies.append(time.perf_counter() - self._began)
        self._run.next_for(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self._run.open -= 1
        self._run.sent.statuses[0] += 1
        if self._run.over and len(self._run.idle) >= self._run.open:
            self._run.finished.set()


def _content_length(head: bytes) -> int:
    at = head.lower().find(b"content-length:")
    return int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


def _main(load: Load, pipe: Connection) -> None:
    uvloop.run(_serve(load, pipe))


async def _serve(load: Load, pipe: Connection) -> None:
    loop = asyncio.get_running_loop()
    run = _Run(load)
    parts = urlsplit(load.address)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    for _ in range(load.connections):
        await loop.create_connection(lambda: _Connection(run), host, port)
    pipe.send("ready")
    started = asyncio.Event()

    def hear() -> None:
        order = pipe.recv()
        if order is None:
            started.set()
        else:
            run.rate = order

    loop.add_reader(pipe.fileno(), hear)
    await started.wait()
    await run.run()
    loop.remove_reader(pipe.fileno())
    os.set_blocking(pipe.fileno(), True)  # the loop had made it non-blocking
    run.sent.latencies = array("d", sorted(run.sent.latencies))
    pipe.send(run.sent)
