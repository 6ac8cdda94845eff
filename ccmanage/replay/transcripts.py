"""Claude Code's local transcripts as usage events: counts only, never content.

A transcript has one line per content block, and all of an answer's lines repeat its usage; the last is complete.
The format is internal to Claude Code and changes: what is not understood is passed over.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from ccmanage.core.clock import parse_rfc3339, to_rfc3339

_COUNTS = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


@dataclass(slots=True)
class _Answer:
    """One answer of the API, as far as its lines were read."""

    at: int
    side: bool
    total: int
    event: dict[str, Any]

    def take(self, other: "_Answer") -> None:
        """Keep the complete one of two records of the same answer, and the earlier time."""
        at = min(self.at, other.at)
        if (not other.side, other.total) > (not self.side, self.total):
            self.side, self.total, self.event = other.side, other.total, other.event
        self.at = at
        self.event["time"] = to_rfc3339(at)


def read_transcripts(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Return each answer once, in the order of first sight, with its time."""
    answers: dict[tuple[str, str], _Answer] = {}
    by_message: dict[str, tuple[str, str]] = {}
    for line in lines:
        parsed = _parse(line)
        if parsed is None:
            continue
        (message, request), answer = parsed
        key = (message, request)
        earlier = by_message.setdefault(message, key)
        # A side conversation repeats the answers before it under other request ids.
        if earlier != key and (answer.side or answers[earlier].side):
            key = earlier
        if key in answers:
            answers[key].take(answer)
        else:
            answers[key] = answer
    for answer in answers.values():
        yield answer.at, answer.event


def _parse(line: str) -> tuple[tuple[str, str], _Answer] | None:
    try:
        record = json.loads(line)
        message = record["message"]
        usage, model, at = message["usage"], message["model"], parse_rfc3339(record["timestamp"])
        total = sum(int(usage.get(name) or 0) for name in _COUNTS)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    if record.get("type") != "assistant" or model == "<synthetic>":
        return None
    # Answers without an id are never merged: the line's own id names them.
    message_id = message.get("id", record.get("uuid"))
    request_id = record.get("requestId", "")
    if not message_id or not isinstance(message_id, str) or not isinstance(request_id, str):
        return None
    event = {
        "id": f"{message_id}:{request_id}" if request_id else message_id,
        "time": to_rfc3339(at),
        "model": model,
        "usage": usage,
        "session_id": record.get("sessionId") or None,
        "project": PurePath(str(record.get("cwd") or "")).name or None,
    }
    return (message_id, request_id), _Answer(at, bool(record.get("isSidechain")), total, event)
