"""Posts as gateways send them: bodies built beforehand, so that sending one costs the machine next to nothing.

Ids are filled in when a post is sent: random like those of the Claude API, which is the worst case for an index.
"""

from __future__ import annotations

import json
import os
import random
import uuid
from collections.abc import Iterator, Sequence
from itertools import accumulate, cycle

from ccmanage.core.clock import MINUTE, SystemClock, to_rfc3339

MODELS = {"claude-sonnet-4-5": 5, "claude-opus-4-5": 3, "claude-haiku-4-5": 2}
_ID_BYTES = 12
_DISTINCT_EVENTS = 50_000
_SESSIONS = 2_000


def weights(workspaces: int, *, uniform: bool) -> list[float]:
    """Return how often each workspace calls: alike, or the n-th an n-th as often as the first."""
    return [1.0 if uniform else 1 / rank for rank in range(1, workspaces + 1)]


class Traffic:
    """An endless stream of bodies, each of `size` events (1: a single object), at times before `until` (0: now)."""

    def __init__(
        self,
        keys: Sequence[str],
        size: int,
        *,
        uniform: bool = False,
        seed: int = 1,
        until: int = 0,
        spread_ms: int = 2 * MINUTE,
    ) -> None:
        self._size = size
        chance = random.Random(seed)
        ranked = list(keys)
        chance.shuffle(ranked)
        drawn = chance.choices(
            ranked, cum_weights=list(accumulate(weights(len(ranked), uniform=uniform))), k=_DISTINCT_EVENTS
        )
        sessions = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(_SESSIONS)]
        last = until or SystemClock().now_ms()
        events = [_event(chance, key, chance.choice(sessions), last - chance.randint(1, spread_ms)) for key in drawn]
        self._templates = [_body(events[start : start + size]) for start in range(0, len(events), size)]

    def bodies(self) -> Iterator[bytes]:
        """Yield bodies without end; no id occurs twice."""
        size = self._size
        for template in cycle(self._templates):
            names = os.urandom(_ID_BYTES * size).hex().encode()
            yield template % tuple([names[at : at + 2 * _ID_BYTES] for at in range(0, len(names), 2 * _ID_BYTES)])


def _body(events: list[bytes]) -> bytes:
    return events[0] if len(events) == 1 else b"[" + b",".join(events) + b"]"


def _event(chance: random.Random, key: str, session: str, at: int) -> bytes:
    """Return one event with a place for the id; counts as of Claude Code: short input, much read from the cache."""
    written = int(chance.lognormvariate(6.5, 1.2)) if chance.random() < 0.6 else 0
    usage = {
        "input_tokens": int(chance.lognormvariate(4.0, 2.0)),
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": int(chance.lognormvariate(10.3, 0.9)),
        "cache_creation": {"ephemeral_5m_input_tokens": written, "ephemeral_1h_input_tokens": 0},
        "output_tokens": int(chance.lognormvariate(5.3, 1.2)),
        "service_tier": "standard",
    }
    event = {
        "id": "msg_01%b",
        "time": to_rfc3339(at),
        "api_key": key,
        "model": chance.choices(list(MODELS), list(MODELS.values()))[0],
        "usage": usage,
        "session_id": session,
    }
    return json.dumps(event, separators=(",", ":")).encode()
