"""Gateways that keep posting while something breaks, remember every answer, and re-post what was not acknowledged."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from support.stack import Stack, Tenant
from support.stack_posts import MODELS, Answer, Post, Stream, send_post

FINISH_SECONDS = 30.0


@dataclass(frozen=True)
class Sent:
    """One try of one post."""

    at: float
    port: int
    post: Post
    answer: Answer


class Load:
    """Threads that post seeded streams, one after the other, until the block is left; then each ends its last post."""

    def __init__(
        self,
        stack: Stack,
        tenant: Tenant,
        seed: int,
        *,
        clients: int = 2,
        pause: float = 0.01,
        ports: Sequence[int] = (),
        through_proxy: bool = False,
        models: Sequence[str] = MODELS,
    ) -> None:
        self.tenant = tenant
        self.streams = [Stream(seed, f"s{seed}c{number}", tenant.keys, models=models) for number in range(clients)]
        self.tries: list[Sent] = []
        self.given_up: list[Post] = []
        self._ports = list(ports) or [api.port for api in stack.apis]
        self._pause = pause
        self._through_proxy = through_proxy
        self._stopping = threading.Event()
        self._deadline = float("inf")
        self._threads = [threading.Thread(target=self._run, args=(stream,), daemon=True) for stream in self.streams]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.finish()

    def finish(self) -> None:
        """Let each client have its last post acknowledged, and stop."""
        self._deadline = time.monotonic() + FINISH_SECONDS
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    @property
    def acknowledged(self) -> list[Sent]:
        """The tries that were answered with 202."""
        return [sent for sent in self.tries if sent.answer.status == 202]

    @property
    def failed(self) -> list[Sent]:
        """The tries that were not."""
        return [sent for sent in self.tries if sent.answer.status != 202]

    def wait_for(self, count: int, seconds: float = 20.0) -> None:
        """Wait until so many more posts are acknowledged."""
        goal = len(self.acknowledged) + count
        deadline = time.monotonic() + seconds
        while len(self.acknowledged) < goal:
            assert time.monotonic() < deadline, f"no {count} posts more within {seconds:g} s: {self.summary()}"
            time.sleep(0.02)

    def wait_until(self, true: Callable[[Sent], bool], seconds: float = 20.0) -> Sent:
        """Wait for a try, from now on, that fulfils a condition."""
        seen, deadline = len(self.tries), time.monotonic() + seconds
        while time.monotonic() < deadline:
            for sent in itertools.islice(self.tries, seen, None):
                if true(sent):
                    return sent
            time.sleep(0.02)
        raise AssertionError(f"no such answer within {seconds:g} s: {self.summary()}")

    def summary(self) -> str:
        """Return how often which answer came."""
        counts: dict[str, int] = {}
        for sent in list(self.tries):
            name = sent.answer.error.partition(":")[0] or str(sent.answer.status)
            counts[name] = counts.get(name, 0) + 1
        return ", ".join(f"{name}: {count}" for name, count in sorted(counts.items()))

    def percentile(self, share: float) -> float:
        """Return the time within which that share of the tries was answered."""
        times = sorted(sent.answer.seconds for sent in self.tries)
        return times[min(len(times) - 1, int(len(times) * share))]

    def _run(self, stream: Stream) -> None:
        ports = itertools.cycle(self._ports)
        while not self._stopping.is_set():
            post = stream.next()
            if not self._until_acknowledged(post, ports):
                self.given_up.append(post)
                return
            stream.acknowledged(post)
            time.sleep(self._pause)

    def _until_acknowledged(self, post: Post, ports: itertools.cycle[int]) -> bool:
        while time.monotonic() < self._deadline:
            port = next(ports)
            answer = send_post(port, self.tenant.token, post)
            if self._through_proxy and not answer.status:
                # As `proxy_next_upstream error non_idempotent` in deploy/nginx.conf.
                port = next(ports)
                answer = send_post(port, self.tenant.token, post)
            self.tries.append(Sent(time.monotonic(), port, post, answer))
            if answer.status == 202:
                return True
            time.sleep(0.05)
        return False
