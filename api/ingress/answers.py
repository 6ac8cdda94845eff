"""What the ingress answers, as ready ASGI messages."""

from dataclasses import dataclass
from typing import Any

import msgspec

from api.errors import problem_of
from ccmanage.core.errors import DomainError
from ccmanage.core.ids import BATCH, encode_id
from ccmanage.core.money import format_credits
from ccmanage.usage.intake import Post
from ccmanage.usage.models import BatchState
from ccmanage.usage.service import BatchView, Item

_encode = msgspec.json.Encoder().encode
_JSON = (b"content-type", b"application/json")


@dataclass(frozen=True, slots=True)
class Answer:
    """The two messages of a response."""

    start: dict[str, Any]
    body: dict[str, Any]


def _answer(status: int, body: bytes) -> Answer:
    # The edge adds what every answer carries.
    headers = [_JSON, (b"content-length", b"%d" % len(body))]
    return Answer(
        {"type": "http.response.start", "status": status, "headers": headers},
        {"type": "http.response.body", "body": body},
    )


def accepted(public_id: bytes, post: Post) -> Answer:
    """Say that a post is stored, and which of its items were refused."""
    body = {
        "batch_id": encode_id(BATCH, public_id),
        "received": post.received,
        "accepted": post.received - len(post.rejections),
        "rejected": [
            {"index": item.index, "id": item.id or None, "code": item.code, "detail": item.detail}
            for item in post.rejections
        ],
    }
    return _answer(202, _encode(body))


def settled(view: BatchView) -> Answer:
    """Say what became of a post."""
    return _answer(200, _encode(batch_body(view)))


def failure(error: DomainError, request_id: str) -> Answer:
    """Say why nothing was stored."""
    response = problem_of(error, request_id)
    return Answer(
        {"type": "http.response.start", "status": response.status_code, "headers": list(response.raw_headers)},
        {"type": "http.response.body", "body": bytes(response.body)},
    )


def batch_body(view: BatchView) -> dict[str, Any]:
    """Write a batch as the contract says."""
    batch, outcome = view.batch, view.outcome
    return {
        "id": encode_id(BATCH, batch.public_id),
        "status": "settled" if batch.state == BatchState.SETTLED and outcome else "pending",
        "received": batch.received,
        "inserted": outcome.inserted if outcome else 0,
        "duplicates": outcome.duplicates if outcome else 0,
        "conflicts": outcome.conflicts if outcome else 0,
        "quarantined": outcome.quarantined if outcome else 0,
        "unpriced": outcome.unpriced if outcome else 0,
        "credits": format_credits(outcome.credits_nano if outcome else 0),
        "items": [_item(item) for item in view.items],
    }


def _item(item: Item) -> dict[str, Any]:
    body: dict[str, Any] = {
        "index": item.index,
        "id": item.id or None,
        "outcome": item.outcome.name.lower(),
        "credits": format_credits(item.credits_nano),
    }
    return body if item.code is None else {**body, "code": item.code}
