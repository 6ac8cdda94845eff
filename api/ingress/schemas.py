"""What gateways send and get, for the OpenAPI document. The hot path reads and writes these forms by hand."""

from typing import Any, Literal

from pydantic import BaseModel


class RejectedItem(BaseModel):
    """An item of which nothing was stored but a note in the quarantine."""

    index: int
    id: str | None
    code: str
    detail: str


class AcceptedOut(BaseModel):
    """A post that is stored."""

    batch_id: str
    received: int
    accepted: int
    rejected: list[RejectedItem]


class BatchItemOut(BaseModel):
    """What became of one item."""

    index: int
    id: str | None
    outcome: Literal["inserted", "duplicate", "conflict", "quarantined", "unpriced"]
    credits: str
    code: str | None = None


class BatchOut(BaseModel):
    """A post and what became of it. `items` is empty while it is pending."""

    id: str
    status: Literal["pending", "settled"]
    received: int
    inserted: int
    duplicates: int
    conflicts: int
    quarantined: int
    unpriced: int
    credits: str
    items: list[BatchItemOut]


_COUNT = {"type": ["integer", "null"], "minimum": 0, "maximum": 1_000_000_000}
_TEXT = {"type": ["string", "null"], "maxLength": 200}
EVENT: dict[str, Any] = {
    "type": "object",
    "title": "UsageEvent",
    "description": "One LLM call. `usage` is the object that the Claude API returned; give `api_key` or `key_id`.",
    "required": ["id", "time", "model", "usage"],
    "properties": {
        "id": {"type": "string", "minLength": 1, "maxLength": 200, "description": "The same for every retry."},
        "time": {"type": "string", "format": "date-time"},
        "api_key": {**_TEXT, "description": "The key that the call was made with; stored as a digest only."},
        "key_id": _TEXT,
        "model": {"type": "string", "minLength": 1, "maxLength": 200},
        "usage": {
            "type": "object",
            "properties": {
                "input_tokens": _COUNT,
                "output_tokens": _COUNT,
                "cache_read_input_tokens": _COUNT,
                "cache_creation_input_tokens": _COUNT,
                "cache_creation": {
                    "type": ["object", "null"],
                    "properties": {"ephemeral_5m_input_tokens": _COUNT, "ephemeral_1h_input_tokens": _COUNT},
                },
                "server_tool_use": {"type": ["object", "null"], "properties": {"web_search_requests": _COUNT}},
                "service_tier": _TEXT,
                "speed": _TEXT,
                "inference_geo": _TEXT,
            },
        },
        "status": {"enum": ["ok", "error", None]},
        "hold_id": {**_TEXT, "description": "The hold that this call captures."},
        "lease_id": {**_TEXT, "description": "The lease of verify that ends with this call."},
        "session_id": _TEXT,
        "project": _TEXT,
        "metadata": {"type": ["object", "null"]},
    },
}
_CLOUD_EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string"},
        "source": {"type": "string"},
        "type": {"type": "string"},
        "time": {"type": "string", "format": "date-time"},
        "data": EVENT,
    },
}
REQUEST_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {"schema": {"anyOf": [EVENT, {"type": "array", "items": EVENT, "maxItems": 1000}]}},
        "application/x-ndjson": {"schema": {"type": "string"}},
        "application/cloudevents+json": {"schema": _CLOUD_EVENT},
        "application/cloudevents-batch+json": {"schema": {"type": "array", "items": _CLOUD_EVENT, "maxItems": 1000}},
    },
}
