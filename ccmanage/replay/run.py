"""Posts rows in batches and adds up what became of them."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ccmanage.core.money import parse_credits
from ccmanage.replay.client import GatewayClient
from ccmanage.replay.files import Row

BATCH_EVENTS = 1_000
_BATCH_BYTES = 6 << 20
# At a given speed, what falls due within this time is posted together.
_PACED_SECONDS = 1.0
_SETTLE_PAUSE_SECONDS = 0.2

OUTCOMES = ("inserted", "duplicates", "conflicts", "quarantined", "unpriced")


@dataclass(slots=True)
class Summary:
    """What became of all posted events. Rejected ones are among the quarantined."""

    received: int = 0
    accepted: int = 0
    pending: int = 0
    credits_nano: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    rejections: Counter[str] = field(default_factory=Counter)


def replay(
    rows: Iterable[Row],
    client: GatewayClient,
    *,
    speed: float | None = None,
    settle_seconds: float = 60.0,
    on_progress: Callable[[int], None] = lambda _events: None,
) -> Summary:
    """Post all rows, as fast as the server takes them or paced; then wait for their settlement."""
    summary, batches = Summary(), []
    started = time.monotonic()
    for offset_ms, events in _batches(rows, speed):
        if speed:
            time.sleep(max(0.0, started + offset_ms / 1000 / speed - time.monotonic()))
        receipt = client.post(events)
        batches.append(receipt["batch_id"])
        summary.received += receipt["received"]
        summary.accepted += receipt["accepted"]
        summary.rejections.update(item["code"] for item in receipt["rejected"])
        on_progress(len(events))
    _add_outcomes(summary, client, batches, time.monotonic() + settle_seconds)
    return summary


def _batches(rows: Iterable[Row], speed: float | None) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Cut rows into posts; each is due when its last row is."""
    events: list[dict[str, Any]] = []
    size = first = last = 0
    for row in rows:
        bulk = len(json.dumps(row.event, ensure_ascii=False))
        late = speed is not None and row.offset_ms - first > _PACED_SECONDS * 1000 * speed
        if events and (len(events) == BATCH_EVENTS or size + bulk > _BATCH_BYTES or late):
            yield last, events
            events, size = [], 0
        if not events:
            first = row.offset_ms
        events.append(row.event)
        size, last = size + bulk, row.offset_ms
    if events:
        yield last, events


def _add_outcomes(summary: Summary, client: GatewayClient, batches: list[str], deadline: float) -> None:
    for batch_id in batches:
        batch = client.batch(batch_id)
        while batch["status"] != "settled" and time.monotonic() < deadline:
            time.sleep(_SETTLE_PAUSE_SECONDS)
            batch = client.batch(batch_id)
        if batch["status"] != "settled":
            summary.pending += 1
            continue
        summary.outcomes.update({name: batch[name] for name in OUTCOMES})
        summary.credits_nano += parse_credits(batch["credits"])
