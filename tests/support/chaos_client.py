"""A gateway in a process of its own: posts a seeded stream and writes down, durably, what was acknowledged.

    python -m support.chaos_client '{"seed": 1, "name": "c0", "token": "ccg_…", …}'

SIGTERM lets it have its last post acknowledged and end with 0. What was acknowledged stands in the log before the
next post is made; what was not is posted again, word for word, to whoever listens.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from support.stack_posts import Answer, Post, Stream, send, send_post

# How long the last post is tried after the end was asked for.
LAST_SECONDS = 60.0


@dataclass(frozen=True)
class Order:
    """What a client is to do."""

    seed: int
    name: str
    token: str
    keys: list[str]
    ports: list[int]
    models: list[str]
    log: str
    pause: float

    def command(self) -> list[str]:
        """Return the command that runs it."""
        return [sys.executable, "-m", "support.chaos_client", json.dumps(asdict(self))]


class Client:
    """The loop and what it has seen."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._stream = Stream(order.seed, order.name, order.keys, models=order.models)
        self._ports = itertools.cycle(order.ports)
        self._draw = random.Random(f"{order.seed}/{order.name}/client")
        self._log = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._answers: Counter[str] = Counter()
        self._slowest = 0.0
        self._deadline = float("inf")

    def stop(self, *_signal: object) -> None:
        """Let the last post be acknowledged."""
        self._deadline = min(self._deadline, time.monotonic() + LAST_SECONDS)

    def run(self) -> int:
        """Post until told to stop; returns the exit code."""
        while self._deadline == float("inf"):
            post = self._stream.next()
            if not self._until_acknowledged(post):
                return 1
            self._stream.acknowledged(post)
            time.sleep(self._order.pause * self._draw.uniform(0.5, 1.5))
        summary = {"answers": self._answers, "slowest": self._slowest, "conflicts": self._stream.conflicts}
        self._write({"summary": summary})
        return 0

    def _until_acknowledged(self, post: Post) -> bool:
        while time.monotonic() < self._deadline:
            wait = self._draw.random() < 0.1
            answer = send_post(next(self._ports), self._order.token, post, query="?wait=2" if wait else "")
            self._note(answer)
            if answer.status in (200, 202):
                found = answer.json
                batch = found["batch_id"] if answer.status == 202 else found["id"]
                self._write({"batch": batch, "events": post.events})
                self._read_back(batch)
                return True
            if answer.status not in (0, 503):
                self._write({"refused": answer.status, "body": answer.body.decode(), "events": post.events})
                return False
            time.sleep(self._draw.uniform(0.05, 0.3))
        return False

    def _read_back(self, batch: str) -> None:
        """What was acknowledged is found by everyone, at once."""
        if self._draw.random() < 0.1:
            headers = {"Authorization": f"Bearer {self._order.token}"}
            answer = send(next(self._ports), f"/v1/batches/{batch}", b"", headers, method="GET")
            if answer.status not in (0, 200, 503):
                self._write({"refused": answer.status, "body": answer.body.decode(), "batch": batch})

    def _note(self, answer: Answer) -> None:
        self._answers[answer.error.partition(":")[0] or str(answer.status)] += 1
        if answer.status == 503:
            self._slowest = max(self._slowest, answer.seconds)

    def _write(self, entry: dict[str, Any]) -> None:
        os.write(self._log, json.dumps(entry).encode() + b"\n")
        os.fsync(self._log)


def main() -> int:
    """Run one client."""
    client = Client(Order(**json.loads(sys.argv[1])))
    signal.signal(signal.SIGTERM, client.stop)
    return client.run()


if __name__ == "__main__":
    sys.exit(main())
