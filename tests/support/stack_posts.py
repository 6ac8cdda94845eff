"""What a gateway posts under test: a seeded stream with duplicates, conflicts and out-of-order times, in all forms."""

from __future__ import annotations

import gzip
import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any

from ccmanage.core.clock import DAY, SECOND, SystemClock, to_rfc3339

Event = dict[str, Any]

MODELS = ("claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-5")
DUPLICATES, CONFLICTS = 0.10, 0.02
LATEST_MS = 3 * DAY


@dataclass(frozen=True)
class Post:
    """One post: the very bytes, so that a repetition is the same post."""

    events: tuple[Event, ...]
    body: bytes
    content_type: str = "application/json"
    encoding: str = ""

    @property
    def ids(self) -> list[str]:
        """The ids of its events."""
        return [event["id"] for event in self.events]

    def headers(self, token: str) -> dict[str, str]:
        """Return the headers of the request."""
        encoding = {"Content-Encoding": self.encoding} if self.encoding else {}
        return {"Authorization": f"Bearer {token}", "Content-Type": self.content_type, **encoding}


def post_of(*events: Event) -> Post:
    """Return an array of events as a post."""
    return Post(events, json.dumps(events).encode())


@dataclass
class Stream:
    """A gateway's seeded stream. Conflicts and duplicates repeat only what was acknowledged, so what wins is known."""

    seed: int
    name: str
    keys: Sequence[str]
    largest: int = 30
    models: Sequence[str] = MODELS
    # The first payload of each id, in the order of posting; that of acknowledged ones alone is repeated.
    originals: dict[str, Event] = field(default_factory=dict)
    conflicts: int = 0
    duplicates: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(f"{self.seed}/{self.name}")
        self._acknowledged: list[str] = []
        self._count = 0

    def next(self) -> Post:
        """Return the next post."""
        size = self._random.choice((1, 1, 1, 2, 5, 10, self.largest))
        return self._form([self._event() for _ in range(size)])

    def acknowledged(self, post: Post) -> None:
        """From now on the post's events may be repeated."""
        self._acknowledged += [event["id"] for event in post.events if self.originals[event["id"]] is event]

    def fresh(self) -> Event:
        """Return a new event."""
        draw = self._random
        self._count += 1
        at = SystemClock().now_ms() - (draw.randrange(LATEST_MS) if draw.random() < 0.2 else draw.randrange(SECOND))
        event = {
            "id": f"{self.name}-{self._count:07d}",
            "time": to_rfc3339(at),
            "api_key": draw.choice(self.keys),
            "model": draw.choice(self.models),
            "usage": {
                "input_tokens": draw.randrange(5_000),
                "output_tokens": draw.randrange(2_000),
                "cache_read_input_tokens": draw.choice((0, draw.randrange(100_000))),
                "cache_creation_input_tokens": draw.choice((0, draw.randrange(10_000))),
            },
            "status": draw.choice(("ok", "ok", "ok", "error")),
            "project": draw.choice((None, "site", "shop")),
        }
        self.originals[event["id"]] = event
        return event

    def _event(self) -> Event:
        what = self._random.random()
        if self._acknowledged and what < DUPLICATES + CONFLICTS:
            known = self.originals[self._random.choice(self._acknowledged)]
            if what < DUPLICATES:
                self.duplicates += 1
                return dict(known)
            self.conflicts += 1
            tokens = {**known["usage"], "output_tokens": known["usage"]["output_tokens"] + 1 + self.conflicts}
            return {**known, "usage": tokens}
        return self.fresh()

    def _form(self, events: list[Event]) -> Post:
        kind = self._random.choice(("array", "array", "lines", "cloudevents", "single"))
        if kind == "single" and len(events) == 1:
            body, content_type = json.dumps(events[0]).encode(), "application/json"
        elif kind == "lines":
            body, content_type = "\n".join(map(json.dumps, events)).encode(), "application/x-ndjson"
        elif kind == "cloudevents":
            body = json.dumps([_cloud_event(event) for event in events]).encode()
            content_type = "application/cloudevents-batch+json"
        else:
            body, content_type = json.dumps(events).encode(), "application/json"
        if self._random.random() < 0.3:
            return Post(tuple(events), gzip.compress(body), content_type, "gzip")
        return Post(tuple(events), body, content_type)


def _cloud_event(event: Mapping[str, Any]) -> dict[str, Any]:
    return {"specversion": "1.0", "type": "llm.usage", "source": "proxy", "id": event["id"], "data": event}


@dataclass(frozen=True)
class Answer:
    """What came back; status 0 when the connection was lost, which says nothing about the post."""

    status: int
    seconds: float
    body: bytes = b""
    retry_after: str = ""
    error: str = ""

    @property
    def json(self) -> dict[str, Any]:
        """The body."""
        found: dict[str, Any] = json.loads(self.body)
        return found


def send(  # one request, with all that may differ
    port: int,
    path: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    timeout_seconds: float = 15.0,
    method: str = "POST",
) -> Answer:
    """Send one request over a connection of its own."""
    began = time.monotonic()
    connection = HTTPConnection("127.0.0.1", port, timeout=timeout_seconds)
    try:
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        content = response.read()
    except (OSError, HTTPException) as error:
        return Answer(0, time.monotonic() - began, error=f"{type(error).__name__}: {error}")
    finally:
        connection.close()
    return Answer(response.status, time.monotonic() - began, content, response.getheader("Retry-After") or "")


def send_post(port: int, token: str, post: Post, *, query: str = "", timeout_seconds: float = 15.0) -> Answer:
    """Send a post to an API process."""
    return send(port, f"/v1/events{query}", post.body, post.headers(token), timeout_seconds=timeout_seconds)
