"""Events as files that people open: CSV for spreadsheets, JSON lines for programs."""

import json
from collections.abc import Sequence
from typing import Any, Final

from ccmanage.core.clock import to_rfc3339
from ccmanage.core.money import format_credits
from ccmanage.core.spreadsheet import csv_lines
from ccmanage.reports.events import EventLine

PAGE_ROWS: Final = 1_000


def record_of(line: EventLine) -> dict[str, Any]:
    """Return an event as one flat record; the order of its fields is the order of the columns."""
    return {
        "id": line.id,
        "event_id": line.event_id,
        "time": to_rfc3339(line.at),
        "received_at": to_rfc3339(line.received_at),
        "model": line.model,
        "key_id": line.key.id,
        "key_name": line.key.label,
        "user_id": line.user.id,
        "user_name": line.user.label,
        "project": line.project or "",
        "session_id": line.session or "",
        "status": "error" if line.is_error else "ok",
        "input_tokens": line.counts.input,
        "output_tokens": line.counts.output,
        "cache_read_tokens": line.counts.cache_read,
        "cache_write_5m_tokens": line.counts.cache_write_5m,
        "cache_write_1h_tokens": line.counts.cache_write_1h,
        "web_searches": line.counts.web_searches,
        "service_tier": line.service_tier.name.lower(),
        "speed": line.speed.name.lower(),
        "credits": format_credits(line.credits_nano),
        "priced": line.is_priced,
        "flags": " ".join(line.flags),
        "settlement_id": line.settlement_id or "",
    }


COLUMNS: Final = (
    "id", "event_id", "time", "received_at", "model", "key_id", "key_name", "user_id", "user_name", "project",
    "session_id", "status", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_5m_tokens",
    "cache_write_1h_tokens", "web_searches", "service_tier", "speed", "credits", "priced", "flags", "settlement_id",
)  # fmt: skip


def csv_head() -> bytes:
    """Return the first line."""
    return ",".join(COLUMNS).encode() + b"\r\n"


def csv_rows(lines: Sequence[EventLine]) -> bytes:
    """Return events as lines of CSV in which nothing is a formula."""
    return csv_lines(list(record_of(line).values()) for line in lines)


def jsonl_rows(lines: Sequence[EventLine]) -> bytes:
    """Return events as JSON, one a line."""
    return b"".join(json.dumps(record_of(line), ensure_ascii=False).encode() + b"\n" for line in lines)
