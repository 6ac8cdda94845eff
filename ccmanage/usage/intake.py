"""Read a post of usage events: decode once into typed structs, normalise, reject item by item.

The common case takes one decode of the whole body. As soon as one item breaks a rule, the items are decoded
one by one, so that each bad one gets its own answer and the good ones are kept. Nothing is looked up here.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from ccmanage.core import ids
from ccmanage.core.clock import DAY, MINUTE
from ccmanage.core.errors import DomainError
from ccmanage.usage import labels
from ccmanage.usage.errors import EventRejected, MalformedPost, TooManyEvents
from ccmanage.usage.records import (
    GEOGRAPHIES,
    OTHER,
    SPEEDS,
    TIERS,
    Identity,
    Packed,
    Rejection,
    fingerprint,
    pack,
)

MAX_EVENTS = 1_000
MAX_TOKENS = 1_000_000_000
MAX_ID_BYTES = 200
FUTURE_MS = 5 * MINUTE

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)

Tokens = Annotated[int, Meta(ge=0, le=MAX_TOKENS)]
Label = Annotated[str, Meta(max_length=200)]


class CacheCreation(Struct, gc=False, forbid_unknown_fields=True):
    """How cache writes split by how long they live."""

    ephemeral_5m_input_tokens: Tokens | None = None
    ephemeral_1h_input_tokens: Tokens | None = None


class ServerToolUse(Struct, gc=False, forbid_unknown_fields=True):
    """Tools that the model's host ran."""

    web_search_requests: Tokens | None = None
    web_fetch_requests: Tokens | None = None


class OutputDetails(Struct, gc=False, forbid_unknown_fields=True):
    """What the output consists of; it is inside the output's count already."""

    thinking_tokens: Tokens | None = None


class Usage(Struct, gc=False, forbid_unknown_fields=True):
    """The object that the Claude API returns. What is not named here goes to the slow path, which keeps it."""

    input_tokens: Tokens | None = None
    output_tokens: Tokens | None = None
    cache_read_input_tokens: Tokens | None = None
    cache_creation_input_tokens: Tokens | None = None
    cache_creation: CacheCreation | None = None
    server_tool_use: ServerToolUse | None = None
    output_tokens_details: OutputDetails | None = None
    service_tier: Label | None = None
    speed: Label | None = None
    inference_geo: Label | None = None


class Event(Struct, gc=False):
    """One usage event as gateways send it. Members that are not named are dropped."""

    id: Label
    time: datetime
    model: Label
    usage: Usage
    api_key: Label | None = None
    key_id: Label | None = None
    status: Label | None = None
    hold_id: Label | None = None
    lease_id: Label | None = None
    session_id: Label | None = None
    project: Label | None = None
    metadata: dict[str, Any] | None = None


@dataclass(slots=True)
class Post:
    """What a post holds: valid items packed for the inbox, invalid ones with their reasons, all ids in order."""

    records: list[Packed] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    @property
    def received(self) -> int:
        """How many items there were."""
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Rules:
    """What an item is checked against: the present, the horizon, and how an API key becomes its digest."""

    now: int
    horizon_days: int
    digest: Callable[[str], bytes]


_decode_events = msgspec.json.Decoder(list[Event]).decode
_decode_event = msgspec.json.Decoder(Event).decode
_decode_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_any = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode

_MALFORMED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def read_json(body: bytes, rules: Rules) -> Post:
    """Read one event or an array of them; raises MalformedPost, TooManyEvents."""
    start = body.lstrip()[:1]
    if start != b"[":
        return read_items([body], rules)
    try:
        events = _decode_events(body)
    except msgspec.ValidationError:
        return read_items(split_array(body), rules)
    except _MALFORMED as error:
        raise MalformedPost(str(error)) from None
    if len(events) > MAX_EVENTS:
        raise TooManyEvents(len(events))
    post = Post()
    try:
        for index, event in enumerate(events):
            post.records.append(normalise(index, event, rules))
            post.ids.append(event.id)
    except EventRejected:
        return read_items(split_array(body), rules)
    return post


def split_array(body: bytes) -> list[bytes]:
    """Cut a JSON array into its items; raises MalformedPost."""
    try:
        return [bytes(item) for item in _decode_items(body)]
    except _MALFORMED as error:
        raise MalformedPost(str(error)) from None


def split_lines(body: bytes) -> list[bytes]:
    """Cut newline-delimited JSON into its items; empty lines do not count."""
    return [line for line in body.split(b"\n") if line.strip()]


def read_items(items: Sequence[bytes], rules: Rules, unwrap: Callable[[bytes], bytes] | None = None) -> Post:
    """Read items one by one; `unwrap` takes each out of its envelope. Raises MalformedPost, TooManyEvents."""
    if len(items) > MAX_EVENTS:
        raise TooManyEvents(len(items))
    post = Post()
    for index, item in enumerate(items):
        _read_item(index, item, rules, unwrap, post)
    return post


def _read_item(index: int, item: bytes, rules: Rules, unwrap: Callable[[bytes], bytes] | None, post: Post) -> None:
    try:
        inner = unwrap(item) if unwrap else item
        event, extra = _decode_one(inner)
        post.records.append(normalise(index, event, rules, extra))
        post.ids.append(event.id)
    except EventRejected as error:
        shown = labels.whitelisted(_shown(item))
        identity = shown.get("id")
        name = identity if isinstance(identity, str) and _is_id(identity) else ""
        post.rejections.append(Rejection(index, name, error.code, error.public, fingerprint(item), _encode(shown)))
        post.ids.append(name)


def _shown(item: bytes) -> Any:
    try:
        return _decode_any(item)
    except msgspec.ValidationError:
        return None


def _decode_one(item: bytes) -> tuple[Event, dict[str, Any]]:
    """Decode an item, or say which rule it breaks. Returns what `usage` held beyond the known, too."""
    try:
        return _decode_event(item), {}
    except msgspec.ValidationError as error:
        plain = _plain(item, str(error))
        cleaned, extra = labels.part_usage(plain)
        if extra:
            try:
                return _decode_event(_encode(cleaned)), extra
            except msgspec.ValidationError as second:
                raise labels.explain(cleaned, str(second)) from None
        raise labels.explain(plain, str(error)) from None
    except _MALFORMED as error:
        raise MalformedPost(str(error)) from None


def _plain(item: bytes, why: str = "") -> Any:
    """Decode an item without types; raises MalformedPost, or EventRejected where a number fits no type at all."""
    try:
        return _decode_any(item)
    except msgspec.ValidationError:
        raise labels.explain_unread(why) from None
    except _MALFORMED as error:
        raise MalformedPost(str(error)) from None


def normalise(index: int, event: Event, rules: Rules, extra: dict[str, Any] | None = None) -> Packed:
    """Turn a decoded event into a record; raises EventRejected."""
    usage = event.usage
    if not _is_id(event.id):
        raise EventRejected("event.id_invalid", "Use an id of 1 to 200 bytes without control characters.")
    if not event.model or not event.model.isprintable() or len(event.model.encode()) > MAX_ID_BYTES:
        raise EventRejected("event.model_invalid", "Name the model in 1 to 200 printable bytes.")
    write_5m, write_1h = _cache_writes(usage)
    tools = usage.server_tool_use
    identity = Identity(
        event.id,
        _key(event, rules),
        _instant(event.time, rules),
        event.model,
        usage.input_tokens or 0,
        usage.output_tokens or 0,
        usage.cache_read_input_tokens or 0,
        write_5m,
        write_1h,
        (tools.web_search_requests or 0) if tools else 0,
        TIERS.get(usage.service_tier, OTHER),
        SPEEDS.get(usage.speed, OTHER),
        GEOGRAPHIES.get(usage.inference_geo, OTHER),
        _is_error(event.status),
        _hold(event.hold_id),
    )
    kept = labels.keep(usage, event.metadata, extra) if _has_more(usage, event.metadata, extra) else b""
    return pack(index, identity, _label(event.project), _label(event.session_id), kept, _lease(event.lease_id))


def _has_more(usage: Usage, metadata: dict[str, Any] | None, extra: dict[str, Any] | None) -> bool:
    return bool(metadata or extra or usage.output_tokens_details or usage.server_tool_use)


def _is_id(text: str) -> bool:
    # Line breaks would part the joined ids; isprintable() is quick and refuses a little more than that.
    if not text.isprintable() and _CONTROL.search(text):
        return False
    return 0 < len(text.encode()) <= MAX_ID_BYTES


def _instant(time: datetime, rules: Rules) -> int:
    if time.tzinfo is None:
        raise EventRejected("event.time_without_zone", "Give the time with its zone, as in 2026-11-22T10:00:00.123Z.")
    at = (time - _EPOCH) // _MILLISECOND
    if at > rules.now + FUTURE_MS:
        raise EventRejected("event.time_in_future", "The time is more than 5 minutes ahead. Check the gateway's clock.")
    if at < rules.now - rules.horizon_days * DAY:
        raise EventRejected("event.time_too_old", f"The time is more than {rules.horizon_days} days ago.")
    return at


def _key(event: Event, rules: Rules) -> bytes:
    if event.api_key:
        if event.key_id:
            raise EventRejected("event.key_ambiguous", "Give api_key or key_id, not both.")
        return rules.digest(event.api_key)
    if not event.key_id:
        raise EventRejected("event.key_missing", "Give the api_key that was used, or its key_id.")
    try:
        return ids.decode_id(ids.KEY, event.key_id)
    except DomainError:
        raise EventRejected("event.key_invalid", "A key_id is key_ and 26 letters and digits.") from None


def _cache_writes(usage: Usage) -> tuple[int, int]:
    """Return 5-minute and 1-hour cache writes: what the split does not name was written for 5 minutes."""
    total = usage.cache_creation_input_tokens
    split = usage.cache_creation
    if split is None:
        return total or 0, 0
    short, long = split.ephemeral_5m_input_tokens or 0, split.ephemeral_1h_input_tokens or 0
    if total is None:
        return short, long
    if short + long > total:
        raise EventRejected(
            "event.cache_split_exceeds_total", "cache_creation adds up to more than cache_creation_input_tokens."
        )
    return total - long, long


def _is_error(status: str | None) -> int:
    if status is None or status == "ok":
        return 0
    if status == "error":
        return 1
    raise EventRejected("event.status_invalid", "status is ok or error.")


def _hold(hold_id: str | None) -> bytes:
    if not hold_id:
        return b""
    try:
        return ids.decode_id(ids.HOLD, hold_id)
    except DomainError:
        raise EventRejected("event.hold_invalid", "A hold_id is hld_ and 26 letters and digits.") from None


def _lease(lease_id: str | None) -> bytes:
    """Return which call ends with the event. What is no id ends none: the call happened and is charged all the same."""
    if not lease_id:
        return b""
    try:
        return ids.decode_id(ids.LEASE, lease_id)
    except DomainError:
        return b""


def _label(text: str | None) -> str:
    if not text:
        return ""
    if not text.isprintable() or len(text.encode()) > MAX_ID_BYTES:
        raise EventRejected("event.label_invalid", "project and session_id are at most 200 printable bytes.")
    return text
