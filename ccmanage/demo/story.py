"""A month of a team's work out of a trace of one hour. Pure and the same every time, but for the anchor.

Each row of the trace becomes one call: its context is what the call adds to a conversation, and its generated
tokens are the answer. As in real sessions most of the input is read from the cache, the rest is written to it.
"""

import random
import uuid
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from ccmanage.core.clock import DAY, HOUR, MINUTE, to_datetime, to_rfc3339
from ccmanage.core.security import API_KEY_PREFIX
from ccmanage.demo.cast import HAIKU, KEYS, OPUS, UNPRICED, Key

DAYS = 30
_SEED = 20231116
_SLOT = 15 * MINUTE
_AT_ONCE = 5
_SYSTEM_TOKENS = (15_000, 21_000)
# Beyond this a conversation is summed up and goes on from the summary.
_LONGEST_CONTEXT = 150_000
_HOURS = (1, 1, 1, 1, 1, 2, 6, 18, 34, 44, 46, 38, 28, 38, 46, 44, 38, 28, 16, 9, 6, 4, 2, 1)
_UNPRICED_ROWS = range(6_000, 6_007)
_UNKNOWN_KEY_ROWS = (4_321, 7_654)


@dataclass(slots=True)
class _Session:
    """A conversation of a key: how much of it the cache holds."""

    key: Key
    id: str
    model: str
    project: str
    calls_left: int
    hour_long: bool
    # What sessions of a team have in common: instructions and tools.
    shared: int
    cached: int = 0


def events_by_day(
    rows: Sequence[tuple[int, int]], anchor_ms: int, mark: str, key_ids: Mapping[str, str]
) -> Iterator[list[dict[str, Any]]]:
    """Turn rows of (context, generated) into events, a list a day, the last just before the anchor."""
    chance = random.Random(_SEED)  # noqa: S311 - a story, not a secret
    times = _times(len(rows), anchor_ms, chance)
    sessions: list[_Session] = []
    day: list[dict[str, Any]] = []
    for number, ((context, generated), at) in enumerate(zip(rows, times, strict=True)):
        if day and to_datetime(at).date() != to_datetime(times[number - 1]).date():
            yield day
            day = []
        session = _next_session(sessions, at, chance)
        event = _call(session, context, generated, chance)
        event |= {"id": f"{mark}-{number}", "time": to_rfc3339(at), "key_id": key_ids[session.key.name]}
        day.append(_special(number, event))
    if day:
        yield day


def _times(count: int, anchor_ms: int, chance: random.Random) -> list[int]:
    """Spread calls over the days before the anchor: more on working days, in working hours, and lately."""
    first = anchor_ms - DAYS * DAY
    slots = DAYS * DAY // _SLOT
    moods = [chance.uniform(0.75, 1.25) for _ in range(DAYS + 2)]
    weights = []
    for slot in range(slots):
        moment = to_datetime(first + slot * _SLOT)
        weight = _HOURS[moment.hour] * moods[slot * _SLOT // DAY] * (1 + 0.5 * slot / slots)
        weights.append(weight * (0.12 if moment.weekday() >= 5 else 1.0))
    edges = [0.0, *accumulate(weights)]
    times = []
    for number in range(count):
        place = (number + chance.random()) / count * edges[-1]
        slot = min(bisect_right(edges, place) - 1, slots - 1)
        times.append(first + int((slot + (place - edges[slot]) / weights[slot]) * _SLOT))
    return sorted(min(at, anchor_ms - 1000) for at in times)


def _next_session(sessions: list[_Session], at: int, chance: random.Random) -> _Session:
    """Return the conversation that makes the next call; several go on at once."""
    sessions[:] = [session for session in sessions if session.calls_left > 0]
    while len(sessions) < _AT_ONCE:
        sessions.append(_new_session(at, chance))
    session = chance.choice(sessions)
    session.calls_left -= 1
    return session


def _new_session(at: int, chance: random.Random) -> _Session:
    hour = at % DAY // HOUR
    awake = [key for key in KEYS if not key.sleeps or 6 <= hour <= 20]
    key = chance.choices(awake, [key.share for key in awake])[0]
    return _Session(
        key=key,
        id=str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        model=_one_of(key.models, chance),
        project=_one_of(key.projects, chance),
        calls_left=chance.randint(6, 12) if not key.sleeps else chance.randint(10, 60),
        hour_long=chance.random() < 0.15,
        shared=chance.randint(*_SYSTEM_TOKENS),
    )


def _call(session: _Session, context: int, generated: int, chance: random.Random) -> dict[str, Any]:
    if session.cached + context > _LONGEST_CONTEXT:
        session.cached = session.shared + 6_000
    read = session.cached or (session.shared if chance.random() < 0.7 else 0)
    fresh = min(context, chance.randint(3, 14))
    written = context - fresh + (0 if read else session.shared)
    failed = chance.random() < 0.012
    usage: dict[str, Any] = {
        "input_tokens": fresh,
        "output_tokens": 0 if failed else generated,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": written,
        "cache_creation": {
            "ephemeral_5m_input_tokens": 0 if session.hour_long else written,
            "ephemeral_1h_input_tokens": written if session.hour_long else 0,
        },
        "service_tier": "batch" if session.key.name == "review-bot" and chance.random() < 0.4 else "standard",
    }
    if session.model == OPUS and chance.random() < 0.04:
        usage["speed"] = "fast"
    if session.model != HAIKU and chance.random() < 0.003:
        usage["server_tool_use"] = {"web_search_requests": chance.randint(1, 3)}
    if not failed:
        session.cached = max(read, session.shared) + context + generated
    return {
        "model": session.model,
        "usage": usage,
        "status": "error" if failed else "ok",
        "session_id": session.id,
        "project": session.project,
    }


def _special(number: int, event: dict[str, Any]) -> dict[str, Any]:
    """Give a few rows what an administrator has to look at: an unknown model, an unknown key."""
    if number in _UNPRICED_ROWS:
        return {**event, "model": UNPRICED}
    if number in _UNKNOWN_KEY_ROWS:
        without = {name: value for name, value in event.items() if name != "key_id"}
        return {**without, "api_key": f"{API_KEY_PREFIX}{number:042d}"}
    return event


def _one_of(weights: Mapping[str, int], chance: random.Random) -> str:
    return chance.choices(list(weights), list(weights.values()))[0]
