"""The slow side of intake: what is kept beside the counts, what may be shown, and which rule an item breaks."""

import re
from typing import Any

import msgspec

from ccmanage.core.logging import redact
from ccmanage.usage.errors import EventRejected

MAX_EXTRA_BYTES = 2_048
MAX_BODY_BYTES = 4_096
_MAX_TEXT = 200

_METADATA = frozenset(
    {
        "request_id", "trace_id", "client", "client_version", "environment", "team", "cost_center", "region",
        "tags", "duration_ms", "ttft_ms", "status_code", "error_type", "stop_reason", "attempt", "user_agent",
    }
)  # fmt: skip
_USAGE = frozenset(
    {
        "input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation",
        "server_tool_use", "output_tokens_details", "service_tier", "speed", "inference_geo",
    }
)  # fmt: skip
_NESTED = {
    "cache_creation": frozenset({"ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"}),
    "server_tool_use": frozenset({"web_search_requests", "web_fetch_requests"}),
    "output_tokens_details": frozenset({"thinking_tokens"}),
}
_SHOWN = ("id", "time", "model", "usage", "key_id", "status", "hold_id", "session_id", "project")
_ENVELOPE = ("specversion", "type", "source", "subject", "data")
_PLACE = re.compile(r"`\$\.?(?:data\.)?([\w.\[\]]*)`")

_encode = msgspec.json.Encoder().encode


def part_usage(event: Any) -> tuple[Any, dict[str, Any]]:
    """Part `usage` into the members that are known and the rest."""
    usage = event.get("usage") if isinstance(event, dict) else None
    if not isinstance(usage, dict):
        return event, {}
    extra = {name: value for name, value in usage.items() if name not in _USAGE}
    known = {name: value for name, value in usage.items() if name in _USAGE}
    for name, members in _NESTED.items():
        inner = known.get(name)
        if isinstance(inner, dict) and inner.keys() - members:
            extra[name] = {key: value for key, value in inner.items() if key not in members}
            known[name] = {key: value for key, value in inner.items() if key in members}
    return {**event, "usage": known}, extra


def keep(usage: Any, metadata: dict[str, Any] | None, extra: dict[str, Any] | None) -> bytes:
    """Pack what is kept beside the counts: allow-listed metadata and unknown usage, at most 2 KiB."""
    kept: dict[str, Any] = {}
    details = usage.output_tokens_details
    if details is not None and details.thinking_tokens:
        kept["thinking_tokens"] = details.thinking_tokens
    tools = usage.server_tool_use
    if tools is not None and tools.web_fetch_requests:
        kept["web_fetches"] = tools.web_fetch_requests
    for name, value in (metadata or {}).items():
        if name in _METADATA and (plain := _plain(value)) is not None:
            kept[name] = plain
    unknown = {name[:_MAX_TEXT]: plain for name, value in (extra or {}).items() if (plain := _plain(value)) is not None}
    for candidate in ({**kept, "usage": unknown} if unknown else kept, kept):
        packed = _encode(candidate) if candidate else b""
        if len(packed) <= MAX_EXTRA_BYTES:
            return packed
    return b""


def _plain(value: Any, depth: int = 2) -> Any:
    """Return a value cut to what may be stored: numbers, flags, short texts, and few of them."""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return redact(value[:_MAX_TEXT])
    if depth and isinstance(value, list):
        return [_plain(item, depth - 1) for item in value[:20]]
    if depth and isinstance(value, dict):
        return {str(name)[:_MAX_TEXT]: _plain(item, depth - 1) for name, item in list(value.items())[:20]}
    return None


def whitelisted(item: Any) -> dict[str, Any]:
    """Return what of a refused item may be kept for an admin to see: no key, no content, at most 4 KiB."""
    if not isinstance(item, dict):
        return {}
    source = item.get("data") if "specversion" in item and isinstance(item.get("data"), dict) else item
    shown = {name: _plain(source[name], 3) for name in _SHOWN if isinstance(source, dict) and name in source}
    usage = shown.get("usage")
    if isinstance(usage, dict):
        shown["usage"] = {name: value for name, value in usage.items() if name in _USAGE}
    if len(_encode(shown)) > MAX_BODY_BYTES:
        shown = {name: shown[name] for name in ("id", "time", "model") if name in shown}
    return shown


def explain(item: Any, message: str) -> EventRejected:
    """Say which rule an item breaks, from the decoder's message; the fields' names are ours, values are not told."""
    if not isinstance(item, dict):
        return EventRejected("event.not_an_object", "Each event is a JSON object.")
    for name in ("id", "time", "model", "usage"):
        if item.get(name) is None:
            return EventRejected(f"event.{name}_missing", f"Every event needs `{name}`.", pointer=f"/{name}")
    return explain_unread(message)


def explain_unread(message: str) -> EventRejected:
    """Say which rule an item breaks that cannot be looked at as a whole."""
    found = _PLACE.search(message)
    place = found.group(1) if found else ""
    pointer = "/" + place.replace(".", "/")
    if place.startswith("usage.") and ("_tokens" in place or "_requests" in place):
        return _token_error(message, place, pointer)
    if place == "time":
        return EventRejected("event.time_invalid", "time is RFC 3339, as in 2026-11-22T10:00:00.123Z.", pointer=pointer)
    if place in ("id", "model"):
        return EventRejected(f"event.{place}_invalid", f"`{place}` is text of 1 to 200 bytes.", pointer=pointer)
    return EventRejected("event.field_invalid", f"`{place or 'event'}`: {_rule(message)}.", pointer=pointer)


def _token_error(message: str, place: str, pointer: str) -> EventRejected:
    if ">= 0" in message:
        return EventRejected("event.tokens_negative", f"`{place}` must not be negative.", pointer=pointer)
    if "<=" in message or "out of range" in message:
        return EventRejected("event.tokens_too_large", f"`{place}` is at most 1000000000.", pointer=pointer)
    return EventRejected("event.tokens_invalid", f"`{place}` is a whole number.", pointer=pointer)


def _rule(message: str) -> str:
    return message.split(" - at ")[0].removeprefix("Object contains ")
